"""The tables of the registry. Importing this package knows them all."""

from registry.tables.account import Account, Session
from registry.tables.address_negative import AddressNegative
from registry.tables.adoption import AdoptionAct, ModelAdoption
from registry.tables.annual_plan import AnnualPlan, AnnualTask
from registry.tables.annual_report import AnnualReport
from registry.tables.appeal import AppealAct, GradeAppeal
from registry.tables.batch import Batch, RowFault
from registry.tables.casework import ResultSubmission, WaiverCase, WaiverDecision
from registry.tables.commitment import Commitment, CommitmentCheck
from registry.tables.complaint import Complaint
from registry.tables.confirmation import Confirmation
from registry.tables.declaration import WRITERS, AboutEnterprise, Fact, Table
from registry.tables.enterprise import Enterprise, EnterpriseAlias, Premises
from registry.tables.exemption import QuietDayExemption
from registry.tables.filing import Filing
from registry.tables.grading import Grading, RulesEdition
from registry.tables.honour import Honour
from registry.tables.inspection import InspectionResult
from registry.tables.job import Job, JobRun
from registry.tables.journal import JournalRecord
from registry.tables.judgement import (
    FeatureRow,
    FeatureSnapshot,
    Grade,
    GradeReason,
    ModelRun,
    WaiverProposal,
    Warning,
)
from registry.tables.key_supervision import KeySupervision
from registry.tables.lead import Lead
from registry.tables.library import (
    CheckItem,
    Department,
    Inspector,
    InspectorCertificate,
    InspectorConflict,
    InspectorEmployment,
    InspectorLeave,
    InspectorRelative,
    LibraryEntry,
    Office,
    QuietDayRecord,
)
from registry.tables.listing import AbnormalListing, SeriousViolation
from registry.tables.match import MatchCandidate, MatchDecision, MatchQuestion, MatchRow
from registry.tables.monitoring import MonitorReport, ReleaseProposal, SnapshotRelease
from registry.tables.override import GradeOverride, OverrideAct
from registry.tables.paperwork import Notice, NumberSequence
from registry.tables.penalty import Penalty
from registry.tables.permit import Permit
from registry.tables.planning import (
    Draw,
    DrawnObject,
    HonestMember,
    Plan,
    PoolExclusion,
    PoolObject,
    StratumCount,
    Task,
)
from registry.tables.quality import QualityAlert, RowRepeat
from registry.tables.relation import Relation
from registry.tables.signal import JudicialSignal, TaxSignal
from registry.tables.source import Source, SourcePull
from registry.tables.visit import RosterVersion, Visit, VisitMember, VisitTask

__all__ = [
    "WRITERS",
    "AbnormalListing",
    "AboutEnterprise",
    "Account",
    "AddressNegative",
    "AdoptionAct",
    "AnnualPlan",
    "AnnualReport",
    "AnnualTask",
    "AppealAct",
    "Batch",
    "CheckItem",
    "Commitment",
    "CommitmentCheck",
    "Complaint",
    "Confirmation",
    "Department",
    "Draw",
    "DrawnObject",
    "Enterprise",
    "EnterpriseAlias",
    "Fact",
    "FeatureRow",
    "FeatureSnapshot",
    "Filing",
    "Grade",
    "GradeAppeal",
    "GradeOverride",
    "GradeReason",
    "Grading",
    "HonestMember",
    "Honour",
    "InspectionResult",
    "Inspector",
    "InspectorCertificate",
    "InspectorConflict",
    "InspectorEmployment",
    "InspectorLeave",
    "InspectorRelative",
    "Job",
    "JobRun",
    "JournalRecord",
    "JudicialSignal",
    "KeySupervision",
    "Lead",
    "LibraryEntry",
    "MatchCandidate",
    "MatchDecision",
    "MatchQuestion",
    "MatchRow",
    "ModelAdoption",
    "ModelRun",
    "MonitorReport",
    "Notice",
    "NumberSequence",
    "Office",
    "OverrideAct",
    "Penalty",
    "Permit",
    "Plan",
    "PoolExclusion",
    "PoolObject",
    "Premises",
    "QualityAlert",
    "QuietDayExemption",
    "QuietDayRecord",
    "Relation",
    "ReleaseProposal",
    "ResultSubmission",
    "RosterVersion",
    "RowFault",
    "RowRepeat",
    "RulesEdition",
    "SeriousViolation",
    "Session",
    "SnapshotRelease",
    "Source",
    "SourcePull",
    "StratumCount",
    "Table",
    "Task",
    "TaxSignal",
    "Visit",
    "VisitMember",
    "VisitTask",
    "WaiverCase",
    "WaiverDecision",
    "WaiverProposal",
    "Warning",
]
