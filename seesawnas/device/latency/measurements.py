"""The measurements of a fit, kept in a file so that an interruption loses little."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seesawnas.arch import ArchSpec
from seesawnas.arch.codec import from_mapping, to_mapping
from seesawnas.cost.latency import MeasureLatency, waste_word
from seesawnas.errors import InvalidInput, SpecError
from seesawnas.io.files import write_atomically
from seesawnas.text import short

if TYPE_CHECKING:
    from seesawnas.device.latency.measuring import NetworkTimer
    from seesawnas.device.latency.remote import DeviceCommand

BATCH = 20
"""Networks that are measured together: what an interruption loses at most."""
MAX_DRIFT = 0.25
"""Of the network that every batch has, above which batches cannot be compared."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What networks are measured on.

    Attributes:
        device: For people: this machine's processor, or the command that measures elsewhere.
        runtime: What runs them.
        runtime_version: Its version.
        threads: It runs with so many.
        batch: Images a run.
        space: Where the networks come from, with the budget, if there is one.
        waste: Of the form in which they run, see :class:`~seesawnas.cost.lowering.Lowering`.
        device_name: What the command says that it runs on; None if it does not say.
    """

    device: str
    runtime: str
    runtime_version: str
    threads: int
    batch: int
    space: str
    waste: float = math.inf
    device_name: str | None = None

    @classmethod
    def of(cls, timer: NetworkTimer, space: str, waste: float) -> Setting:
        """Where ``timer`` measures."""
        return cls(
            device=timer.place,
            runtime=timer.runtime,
            runtime_version=timer.version,
            threads=timer.threads,
            batch=timer.batch,
            space=space,
            waste=waste,
        )

    @property
    def device_words(self) -> str:
        """The device for people, with its name if that is known."""
        return f"{self.device_name}: {self.device}" if self.device_name else self.device

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "waste": waste_word(self.waste)}


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a file of measurements holds.

    Attributes:
        milliseconds: By the digest of the network, in the order of the file.
        device_name: Of the device that they are of; None if it is not known.
        anchor: The network that every batch has; None if an earlier version wrote the file.
    """

    milliseconds: Mapping[str, float]
    device_name: str | None = None
    anchor: ArchSpec | None = None

    def find_anchor(self, networks: Sequence[ArchSpec], path: Path) -> ArchSpec:
        """What a batch of ``networks`` is compared by with those that were measured before.

        Raises:
            InvalidInput: If it is not known.
        """
        if not self.milliseconds:
            return networks[0]
        if self.anchor is not None and self.anchor.digest() in self.milliseconds:
            return self.anchor
        specs = {spec.digest(): spec for spec in networks}
        found = next((specs[digest] for digest in self.milliseconds if digest in specs), None)
        if found is None:
            raise InvalidInput(
                f"{path}: must have one of the networks to measure, so that the machine's speed "
                f"can be compared, got {len(self.milliseconds)} others; give another --out"
            )
        return found


def measure_networks(
    networks: Sequence[ArchSpec],
    measure: MeasureLatency,
    path: Path,
    setting: Setting,
    command: DeviceCommand | None = None,
) -> Iterator[dict[str, float]]:
    """Measure what ``path`` does not hold yet, batch by batch; yield milliseconds by digest so far.

    The file has a line of JSON for the setting and one for each network, so that an interruption
    loses no batch that is done. A machine that has become slower or faster is seen by the first
    network of the file, which is measured with every batch, also with one of other networks: other
    times of the batch are multiplied by what it took at first over what it takes now.

    Args:
        networks: To measure.
        measure: Measures them side by side.
        path: The file.
        setting: What they are measured on.
        command: Measures on another device; all measurements must be of one.

    Raises:
        InvalidInput: If the file is of another setting or device, is no such file, or the first
            network takes far less or more than it did at first.
    """
    kept = read_measurements(path, setting)
    known = dict(kept.milliseconds)
    if command is not None:
        command.require(path, kept.device_name)
    yield dict(known)
    missing = [spec for spec in networks if spec.digest() not in known]
    anchor = kept.find_anchor(networks, path)
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        again = [anchor] if anchor.digest() in known else []
        found = list(measure([*again, *batch]))
        ratio = known[anchor.digest()] / found[0] if again else 1.0
        if abs(ratio - 1) > MAX_DRIFT:
            raise InvalidInput(
                f"{path}: network {anchor.digest()} must take about what it took before, "
                f"{known[anchor.digest()]:.3g} ms, got {found[0]:.3g} ms; measure on a quieter "
                f"machine, or delete the file"
            )
        own = zip(batch, found[len(again) :], strict=True)
        fresh = {spec.digest(): ratio * value for spec, value in own}
        name = kept.device_name if command is None else command.device
        _append(path, replace(setting, device_name=name), anchor, fresh)
        known |= fresh
        yield dict(known)


def read_measurements(path: Path, setting: Setting) -> Measurements:
    """What ``path`` holds; nothing if there is no such file.

    Raises:
        InvalidInput: If it is of another setting, or no such file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return Measurements({})
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: cannot be read: {short(error)}") from None
    found: dict[str, float] = {}
    name = anchor = None
    for number, line in enumerate(lines, start=1):
        try:
            values = json.loads(line)
            if number == 1:
                _check_setting(path, values["setting"], setting)
                name = _name(values["setting"])
                with suppress(SpecError):  # an earlier version's, or of a block not installed here
                    anchor = from_mapping(values.get("anchor"))
            else:
                found[str(values["digest"])] = float(values["milliseconds"])
        except (ValueError, KeyError, TypeError):
            if number == len(lines) > 1:  # cut off by a kill
                break
            raise InvalidInput(
                f"{path}: line {number} must be a measurement of seesawnas latency fit, got "
                f"{short(line)}"
            ) from None
    return Measurements(found, name, anchor)


def _name(kept: Mapping[str, Any]) -> str | None:
    """The device's name in a setting, of which earlier versions wrote none."""
    name = kept.get("device_name")
    if name is not None and not isinstance(name, str):
        raise TypeError
    return name or None


def _check_setting(path: Path, kept: Mapping[str, Any], setting: Setting) -> None:
    for name, value in setting.to_mapping().items():
        if name == "device_name":  # the command says it when it runs
            continue
        if name == "waste" and name not in kept:  # of a version that did not write it
            continue
        if kept.get(name) != value:
            raise InvalidInput(
                f"{path}: must be measurements with {name} {short(value)}, got "
                f"{short(kept.get(name))}; delete the file, or give another --out"
            )


def _append(path: Path, setting: Setting, anchor: ArchSpec, fresh: Mapping[str, float]) -> None:
    kept = read_measurements(path, setting).milliseconds
    lines: list[dict[str, Any]] = [{"setting": setting.to_mapping(), "anchor": to_mapping(anchor)}]
    lines += [
        {"digest": digest, "milliseconds": value} for digest, value in {**kept, **fresh}.items()
    ]
    write_atomically(path, "".join(f"{json.dumps(line)}\n" for line in lines))
