"""The packet filter: one firewall in use, default policies, loopback traffic."""

from dataclasses import dataclass
from typing import Final

from openinspector.cis.alternative import ALTERNATIVES
from openinspector.cis.checks.software import not_used
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated
from openinspector.model.configuration import FirewallAuthority, FirewallChain, FirewallRule, SystemdUnit
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting
from openinspector.model.record import Record

_SENSOR: Final = "firewall"
_UNITS: Final = "systemd_units"
_HOOKS: Final = ("input", "forward", "output")


@dataclass(frozen=True, slots=True)
class BaseChains:
    """The packet filter has a base chain for each hook."""

    title: str = "The packet filter has chains for input, forward and output"
    service: str = ""
    """Firewall that must be the one in use: ``nftables``; empty for any."""
    reads: tuple[type[Record], ...] = (FirewallChain, SystemdUnit)
    sensors: tuple[str, ...] = (_SENSOR, _UNITS)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the chains in force."""
        other = unused(host, self.service)
        gap = other or host.missing(_SENSOR)
        if gap:
            return gap
        hooks = {chain.hook for chain in _chains(host)}
        lacking = [hook for hook in _HOOKS if hook not in hooks]
        evidence = Evidence(statement=f"Chains for {', '.join(sorted(filter(None, hooks))) or 'no hook'} are in force")
        if lacking:
            return Violated(
                evidence=evidence,
                remedy=f"Create base chains for {', '.join(lacking)}.",
                grounds=tuple(setting(f"chain for {hook}", NOT_SET) for hook in lacking),
            )
        return Satisfied(evidence=evidence)


@dataclass(frozen=True, slots=True)
class DefaultDeny:
    """Traffic that no rule of a hook accepts is dropped."""

    service: str = ""
    hooks: tuple[str, ...] = _HOOKS
    family: str = ""
    """``ip`` or ``ip6``; empty for any."""
    reads: tuple[type[Record], ...] = (FirewallChain, FirewallRule, SystemdUnit)
    sensors: tuple[str, ...] = (_SENSOR, _UNITS)

    @property
    def title(self) -> str:
        """The hooks."""
        return f"The packet filter denies by default: {', '.join(self.hooks)}"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the chains in force: a policy of drop, or a last rule that drops or rejects everything."""
        gap = unused(host, self.service) or host.missing(_SENSOR)
        if gap:
            return gap
        chains = [chain for chain in _chains(host) if not self.family or chain.family in (self.family, "inet")]
        open_hooks = [
            hook for hook in self.hooks if not any(chain.hook == hook and _denies(host, chain) for chain in chains)
        ]
        if open_hooks:
            return Violated(
                evidence=Evidence(statement=f"Accepted by default: {', '.join(open_hooks)}"),
                remedy="Allow the traffic that the host needs, then set the policy of these chains to drop.",
                grounds=tuple(setting(f"policy of {hook}", "accept") for hook in open_hooks),
            )
        return Satisfied(evidence=Evidence(statement=self.title))


@dataclass(frozen=True, slots=True)
class LoopbackRules:
    """Traffic of the loopback interface is accepted, and its addresses are refused from elsewhere."""

    service: str = ""
    title: str = "Loopback traffic is accepted only from the loopback interface"
    reads: tuple[type[Record], ...] = (FirewallChain, FirewallRule, SystemdUnit)
    sensors: tuple[str, ...] = (_SENSOR, _UNITS)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge that some rule in force names the loopback interface and some rule its addresses."""
        gap = unused(host, self.service) or host.missing(_SENSOR)
        if gap:
            return gap
        texts = [" ".join(rule.expressions) for rule in host.all(FirewallRule)]
        has_interface = any("lo" in text.split() or "0x6c6f" in text or '"lo"' in text for text in texts)
        has_address = any("127." in text or "0x0000007f" in text or "7f000000" in text for text in texts)
        evidence = Evidence(
            statement=f"{len(texts)} rules; loopback interface named: {has_interface}, its addresses: {has_address}"
        )
        if has_interface and has_address:
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy="Accept input on lo, and drop input from 127.0.0.0/8 and ::1 on every other interface.",
            grounds=(
                setting("loopback interface", str(has_interface)),
                setting("loopback addresses", str(has_address)),
            ),
        )


def unused(host: JudgedHost, service: str) -> Inapplicable | Unknown | None:
    """Return why requirements for one firewall do not apply; None if they do, or if ``service`` is empty."""
    return not_used(host, ALTERNATIVES[service]) if service else None


def _chains(host: JudgedHost) -> list[FirewallChain]:
    return [chain for chain in host.all(FirewallChain) if chain.authority is FirewallAuthority.KERNEL]


def _denies(host: JudgedHost, chain: FirewallChain) -> bool:
    if chain.policy == "drop":
        return True
    rules = [
        rule
        for rule in host.all(FirewallRule)
        if (rule.family, rule.table, rule.chain) == (chain.family, chain.table, chain.name)
    ]
    return (
        bool(rules)
        and len(rules[-1].expressions) == 1
        and any(word in rules[-1].expressions[0] for word in ("drop", "reject"))
    )
