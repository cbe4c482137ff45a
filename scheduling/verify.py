"""Verify a published draw offline (抽取结果核验): python -m scheduling.verify BUNDLE [--audit AUDIT_BUNDLE]

Standard library only and no solver: it recomputes hashes, commitment, state, tickets and drawn list, and the
rounding of the team lottery from its published table. Every check says where it failed. Whatever the input,
the answer is a list of checks, never a traceback.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from scheduling.bundle_files import read_files
from scheduling.draw import DrawFault
from scheduling.replay import Replay


@dataclass(frozen=True)
class Check:
    """One check (核验项): `status` is ok, failed or skipped; where it failed, file, line (0: whole file)."""

    name: str
    status: str
    zh: str
    en: str
    file: str = ""
    line: int = 0
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        where = f"[{self.file}{f':{self.line}' if self.line else ''}] " if self.file else ""
        differs = (
            f" 应为/expected: {self.expected} 实为/found: {self.found}" if self.expected or self.found else ""
        )
        mark = {"ok": "✓", "failed": "✗", "skipped": "–"}[self.status]
        return f"{mark} {where}{self.zh} {self.en}{differs}"


@dataclass(frozen=True)
class Verdict:
    """All checks of one bundle (核验结论)."""

    bundle: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """No check failed, and at least one was made."""
        return bool(self.checks) and all(check.status != "failed" for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"bundle": self.bundle, "ok": self.ok, "checks": [asdict(check) for check in self.checks]}


def verify_bundle(path: Path, audit: Path | None = None) -> Verdict:
    """Replay everything that the bundle allows (核验资料包): folder or zip, public or audit.

    With `audit`, a public bundle is verified together with its audit bundle: that the audit bundle is the
    one announced, that it replays, and that both tell the same draw.
    """
    checks: list[Check] = []
    files = _read(Path(path), checks)
    if files is not None:
        _run(Replay(files), checks)
        if audit is not None:
            other = _read(Path(audit), checks)
            if other is not None:
                beside = Replay(other)
                _run(beside, checks, "audit: ")
                _attempt(checks, "audit", *_SAME_DRAW, lambda: beside.compare_public(files))
    return Verdict(str(path), tuple(checks))


_SAME_DRAW = ("审计包与公示包一致。", "The audit bundle is the one announced and tells the same draw.")


def _read(path: Path, checks: list[Check]) -> dict[str, bytes] | None:
    held: dict[str, bytes] = {}
    _attempt(checks, "read", f"读取 {path}。", f"Read {path}.", lambda: held.update(read_files(path)))
    return held if checks[-1].status == "ok" else None


def _run(replay: Replay, checks: list[Check], prefix: str = "") -> None:
    for step in replay.steps():
        if step.skip:
            checks.append(Check(prefix + step.name, "skipped", step.zh, step.en))
        else:
            _attempt(checks, prefix + step.name, step.zh, step.en, step.act)


def _attempt(checks: list[Check], name: str, zh: str, en: str, act: Callable[[], object]) -> None:
    try:
        act()
    except DrawFault as fault:
        where = fault.file, fault.line, fault.expected, fault.found
        checks.append(Check(name, "failed", fault.zh, fault.en, *where))
    # A hostile bundle may break any assumption; the verdict is then a failed check and not a crash.
    except Exception as error:
        zh, en = f"{zh}无法完成：资料包内容异常。", f"{en} Not possible: the bundle's content is malformed."
        checks.append(Check(name, "failed", zh, en, found=f"{type(error).__name__}: {error}"[:200]))
    else:
        checks.append(Check(name, "ok", zh, en))


def main(arguments: list[str] | None = None) -> int:
    """Command line (命令行核验). Returns 0 if every check passed, 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m scheduling.verify", description="核验公开抽取 Verify a draw"
    )
    parser.add_argument("bundle", type=Path, help="公示包或审计包（文件夹或 zip） public or audit bundle")
    parser.add_argument("--audit", type=Path, help="公示包对应的审计包 the audit bundle of a public bundle")
    parser.add_argument("--json", action="store_true", help="输出 JSON print JSON")
    options = parser.parse_args(arguments)
    verdict = verify_bundle(options.bundle, options.audit)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that knows no Chinese must not end the answer
    if options.json:
        print(json.dumps(verdict.to_dict(), ensure_ascii=False, indent=1))
    else:
        print(*verdict.checks, sep="\n")
        print("通过 PASSED" if verdict.ok else f"未通过 FAILED: {len(verdict.failures)}")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
