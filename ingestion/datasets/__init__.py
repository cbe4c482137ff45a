"""The datasets that can be brought in (归集数据集), in the order in which a folder of them is read."""

from pathlib import Path

from ingestion.datasets.abnormal import ABNORMAL
from ingestion.datasets.address_negative import ADDRESS_NEGATIVE
from ingestion.datasets.annual_report import ANNUAL_REPORT
from ingestion.datasets.check_item import CHECK_ITEM
from ingestion.datasets.commitment import COMMITMENT, COMMITMENT_CHECK
from ingestion.datasets.complaint import COMPLAINT
from ingestion.datasets.contract import Column, Dataset
from ingestion.datasets.filing import FILING
from ingestion.datasets.honour import HONOUR
from ingestion.datasets.inspection import INSPECTION
from ingestion.datasets.inspector import INSPECTOR, INSPECTOR_CERTIFICATE, INSPECTOR_CONFLICT, INSPECTOR_LEAVE
from ingestion.datasets.inspector_ties import INSPECTOR_EMPLOYMENT, INSPECTOR_RELATIVE
from ingestion.datasets.judicial_signal import JUDICIAL_SIGNAL
from ingestion.datasets.key_supervision import KEY_SUPERVISION
from ingestion.datasets.library import LIBRARY
from ingestion.datasets.office import DEPARTMENT, OFFICE
from ingestion.datasets.publicity_2015 import PENALTY, PERMIT
from ingestion.datasets.quiet_day import QUIET_DAY
from ingestion.datasets.registration import REGISTRATION
from ingestion.datasets.relation import RELATION
from ingestion.datasets.serious_violation import SERIOUS_VIOLATION
from ingestion.datasets.tax_signal import TAX_SIGNAL

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        OFFICE, DEPARTMENT, CHECK_ITEM, REGISTRATION, RELATION, LIBRARY, KEY_SUPERVISION, ADDRESS_NEGATIVE, FILING, PERMIT,
        COMMITMENT, COMMITMENT_CHECK, PENALTY, ABNORMAL, SERIOUS_VIOLATION, JUDICIAL_SIGNAL, TAX_SIGNAL, HONOUR,
        ANNUAL_REPORT, COMPLAINT, INSPECTOR, INSPECTOR_CERTIFICATE, INSPECTOR_LEAVE, INSPECTOR_CONFLICT, INSPECTOR_RELATIVE,
        INSPECTOR_EMPLOYMENT, INSPECTION, QUIET_DAY,
    )
}  # fmt: skip
"""By name. A file `<name>_*.csv|xlsx|jsonl` is of that dataset; the order is the order of dependence."""


def dataset_of(file_name: str) -> str | None:
    """The dataset that a file's name begins with, the longest that fits; None if there is none."""
    stem = Path(file_name).stem.lower()
    fits = [
        name for name in DATASETS if stem == name or stem.startswith((f"{name}_", f"{name}-", f"{name}."))
    ]
    return max(fits, key=len, default=None)


__all__ = ["DATASETS", "Column", "Dataset", "dataset_of"]
