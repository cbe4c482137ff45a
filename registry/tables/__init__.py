"""The tables of the registry. Importing this package knows them all."""

from registry.tables.account import Account, Session
from registry.tables.annual_report import AnnualReport
from registry.tables.batch import Batch, RowFault
from registry.tables.casework import ResultSubmission, WaiverCase, WaiverDecision
from registry.tables.complaint import Complaint
from registry.tables.declaration import WRITERS, AboutEnterprise, Fact, Table
from registry.tables.enterprise import Enterprise, EnterpriseAlias, Premises
from registry.tables.filing import Filing
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
from registry.tables.library import (
    CheckItem,
    Department,
    Inspector,
    InspectorCertificate,
    InspectorConflict,
    InspectorLeave,
    LibraryEntry,
    Office,
    QuietDayRecord,
)
from registry.tables.listing import AbnormalListing, SeriousViolation
from registry.tables.match import MatchCandidate, MatchDecision, MatchQuestion, MatchRow
from registry.tables.paperwork import Notice, NumberSequence
from registry.tables.penalty import Penalty
from registry.tables.permit import Permit
from registry.tables.planning import Draw, DrawnObject, Plan, PoolExclusion, PoolObject, StratumCount, Task
from registry.tables.visit import RosterVersion, Visit, VisitMember, VisitTask

__all__ = [
    "WRITERS",
    "AbnormalListing",
    "AboutEnterprise",
    "Account",
    "AnnualReport",
    "Batch",
    "CheckItem",
    "Complaint",
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
    "GradeReason",
    "InspectionResult",
    "Inspector",
    "InspectorCertificate",
    "InspectorConflict",
    "InspectorLeave",
    "Job",
    "JobRun",
    "JournalRecord",
    "LibraryEntry",
    "MatchCandidate",
    "MatchDecision",
    "MatchQuestion",
    "MatchRow",
    "ModelRun",
    "Notice",
    "NumberSequence",
    "Office",
    "Penalty",
    "Permit",
    "Plan",
    "PoolExclusion",
    "PoolObject",
    "Premises",
    "QuietDayRecord",
    "ResultSubmission",
    "RosterVersion",
    "RowFault",
    "SeriousViolation",
    "Session",
    "StratumCount",
    "Table",
    "Task",
    "Visit",
    "VisitMember",
    "VisitTask",
    "WaiverCase",
    "WaiverDecision",
    "WaiverProposal",
    "Warning",
]
