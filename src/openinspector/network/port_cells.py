"""Port cells: ports compressed to the ranges between the bounds that rules name; a set of ports is one small int."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openinspector.network.packet_filter import port_mask

PORTS = 65536


@dataclass(frozen=True, slots=True)
class PortCells:
    """Bit n of a set stands for the ports from ``bounds[n]`` up to ``bounds[n + 1]``, the latter excluded."""

    bounds: tuple[int, ...]
    below: Mapping[int, int]
    """For every bound, the set of all ports below it."""

    @classmethod
    def between(cls, ranges: Iterable[tuple[int, int]]) -> "PortCells":
        """Return the cells in which every range is a whole number of cells."""
        bounds = {0, PORTS}
        for first, last in ranges:
            bounds.add(first)
            bounds.add(last + 1)
        ordered = tuple(sorted(bounds))
        return cls(ordered, {bound: (1 << index) - 1 for index, bound in enumerate(ordered)})

    @property
    def everything(self) -> int:
        """Return the set of all ports."""
        return (1 << (len(self.bounds) - 1)) - 1

    def of(self, first: int, last: int) -> int:
        """Return the set of a range whose bounds were given to ``between``."""
        if first > last:
            return 0
        return self.below[last + 1] ^ self.below[first]

    def ranges(self, ports: int) -> tuple[tuple[int, int], ...]:
        """Return the ranges of a set, neighbours joined."""
        found: list[tuple[int, int]] = []
        while ports:
            low = ports & -ports
            first = low.bit_length() - 1
            run = ports + low
            last = (run & -run).bit_length() - 1
            found.append((self.bounds[first], self.bounds[last] - 1))
            ports &= run
        return tuple(found)

    def mask(self, ports: int) -> int:
        """Return a set as a mask with one bit a port."""
        mask = 0
        for first, last in self.ranges(ports):
            mask |= port_mask(first, last)
        return mask


def mask_ranges(mask: int) -> tuple[tuple[int, int], ...]:
    """Return the ranges of ports of a mask with one bit a port, neighbours joined."""
    found: list[tuple[int, int]] = []
    while mask:
        first = (mask & -mask).bit_length() - 1
        run = mask + (1 << first)
        last = (run & -run).bit_length() - 1
        found.append((first, last - 1))
        mask &= run
    return tuple(found)
