"""Rules in words (规则名称): what officers read in place of the names that machines use."""

from __future__ import annotations

RULE_NAMES = {
    "window": "任务期限", "quiet_day": "企业安静日", "exemption": "安静日豁免", "spacing": "入企间隔",
    "annual_cap": "年度频次上限", "honest_quota": "无事不扰比例", "capacity": "检查力量",
    "total_limit": "个人工作量上限", "cluster_cap": "园区、街道每日户数上限", "pinned": "已固定的日期",
    "duration": "检查用时", "qualification": "资格要求", "team_size": "最少派员人数", "recused": "回避",
    "working_day": "工作日", "estimated_year": "放假安排未公布", "desk": "书面、网络检查用时",
    "object_twice_a_day": "同日重复入企", "drawn": "抽取范围", "complete": "任务不重不漏",
    "recognition": "结果互认", "groups": "席位组", "minutes": "记载的用时", "lead": "牵头部门",
    "aims": "记载的目标", "gap": "记载的差距", "people": "检查人员名录", "certificate": "执法证有效期",
    "district": "属地管辖", "same_pair": "上次同组二人", "leave": "请假", "two_places": "同时两处",
    "workload": "个人工作量", "conflict": "冲突说明", "past": "已过检查不变", "change_limit": "移动上限",
    "people_kept": "人员不变", "carried": "未完成事项顺延", "reason": "变化逐项说明", "seats": "席位替补",
    "desk_kept": "书面、网络检查不变",
}  # fmt: skip


def rule_name(rule: str) -> str:
    """A rule's name for people."""
    return RULE_NAMES.get(rule, rule)


def rule_words(rule: str) -> str:
    """The name for people, the machines' name in brackets beside it."""
    return f"{RULE_NAMES[rule]}（{rule}）" if rule in RULE_NAMES else rule


HALF_NAMES = {"am": "上午", "pm": "下午", "day": "全天"}


def half_name(half: str | None) -> str:
    """A half-day in words (时段)."""
    return HALF_NAMES.get(half or "", half or "")
