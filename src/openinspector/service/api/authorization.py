"""Whether a user may do an operation, and AccessDeniedException where not (F2.3, F2.10).

The API has a code for each noun and no general one (F11.47): the noun an operation reads or changes decides.
"""

from typing import Final

from openinspector.model.arn import ArnRealm
from openinspector.service.api.errors import coded
from openinspector.service.app.access_keys import PREFIX, allows
from openinspector.service.ports.access_key_store import AccessKey

BY_NOUN: Final = (
    ("Role", "ACCESS_DENIED_TO_IAM_ROLE"),
    ("Event", "ACCESS_DENIED_TO_SNS_TOPIC"),
    ("Finding", "ACCESS_DENIED_TO_FINDING"),
    ("RulesPackage", "ACCESS_DENIED_TO_RULES_PACKAGE"),
    ("ResourceGroup", "ACCESS_DENIED_TO_RESOURCE_GROUP"),
    ("AssessmentTarget", "ACCESS_DENIED_TO_ASSESSMENT_TARGET"),
    ("PreviewAgents", "ACCESS_DENIED_TO_ASSESSMENT_TARGET"),
    ("AssessmentTemplate", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("ExclusionsPreview", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Webhook", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Schedule", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Tags", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("", "ACCESS_DENIED_TO_ASSESSMENT_RUN"),
)
"""What an operation's name contains, and its code; the first that fits. The rest is about runs."""


def check_allowed(key: AccessKey, operation: str, realm: ArnRealm) -> None:
    """Raise AccessDeniedException unless the key's actions cover ``operation``."""
    if allows(key.actions, operation):
        return
    user = f"arn:{realm.partition}:iam::{realm.account}:user/{key.user}"
    raise coded(
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: {PREFIX}{operation}",
        denial_code(operation),
    )


def denial_code(operation: str) -> str:
    """Return the error code of a denied operation."""
    return next(code for noun, code in BY_NOUN if noun in operation)
