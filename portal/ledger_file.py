"""The disturbance ledger as a file (入企台账文件): what the command writes and the page sends is the same CSV."""

import pandas as pd

from reports.workbook import neutral


def ledger_csv(ledger: pd.DataFrame, reasons: dict[str, str]) -> str:
    """The ledger with its reasons in words, a byte-order mark first; no cell can run as a formula (C-10)."""
    shown = ledger.assign(reason=ledger["reason"].map(reasons))
    for name in shown.columns:
        if not pd.api.types.is_numeric_dtype(shown[name]):
            texts = [neutral(str(value)) if pd.notna(value) else "" for value in shown[name]]
            shown[name] = pd.Series(texts, index=shown.index, dtype=object)
    return "\ufeff" + shown.to_csv(index=False)
