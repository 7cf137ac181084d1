"""Authorization of an operation, and the answer to a denied one (F2.3, F2.10).

The answer is AccessDeniedException. The API has a code for each noun and no general one (F11.47): the noun that an
operation reads or changes decides.

Eight operations do not declare this error, so clients have no class for it. Seven of them read batches: they return
200 with every ARN in ``failedItems`` as ``ACCESS_DENIED`` (F11.37). `DescribeCrossAccountAccessRole` has no items; it
returns the error all the same, because an empty role would be wrong. Audit, log and metrics record each denial alike.
"""

from functools import cache
from typing import Final

from openinspector.model.arn import ArnRealm
from openinspector.service.api.errors import ApiError, coded
from openinspector.service.api.listing import failed_items
from openinspector.service.api.model import api_model
from openinspector.service.api.principal import Principal
from openinspector.service.api.shapes import Json
from openinspector.service.app.access_keys import PREFIX, allows
from openinspector.service.app.batch import FailureCode

_DENIED: Final = "AccessDeniedException"
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
    ("Tailoring", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Waiver", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Schedule", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("Tags", "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE"),
    ("", "ACCESS_DENIED_TO_ASSESSMENT_RUN"),
)
"""Part of an operation's name → error code; the first match applies. Other operations are about runs."""


def denial(key: Principal, operation: str, realm: ArnRealm) -> ApiError | None:
    """Return AccessDeniedException; None if the key's actions include ``operation``."""
    if allows(key.actions, operation):
        return None
    user = f"arn:{realm.partition}:iam::{realm.account}:user/{key.user}"
    return coded(
        _DENIED,
        f"User: {user} is not authorized to perform: {PREFIX}{operation}",
        denial_code(operation),
    )


@cache
def fails_by_item(operation: str) -> bool:
    """Return True if ``operation`` reports a denial as the failure of each item, as the model requires."""
    described = api_model().operations[operation]
    members = api_model().shapes[described.output].members if described.output is not None else {}
    return _DENIED not in described.errors and "failedItems" in members


def denied_items(operation: str, arguments: Json) -> Json:
    """Return the output of a denied batch: no results, and every ARN in ``failedItems``."""
    described, shapes = api_model().operations[operation], api_model().shapes
    asked = (name for name, shape in shapes[str(described.input)].members.items() if shapes[shape].type == "list")
    failed = {arn: FailureCode.ACCESS_DENIED for name in asked for arn in arguments[name]}
    members = shapes[str(described.output)].members.items()
    nothing: Json = {name: [] if shapes[shape].type == "list" else {} for name, shape in members}
    return {**nothing, "failedItems": failed_items(failed)}


def denial_code(operation: str) -> str:
    """Return the error code of a denied operation."""
    return next(code for noun, code in BY_NOUN if noun in operation)
