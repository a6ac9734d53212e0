"""What a service team records day by day: complaints, suggestions, visits, measures."""

from __future__ import annotations

from satisfaction.data import choices as c
from satisfaction.data import keys as key
from satisfaction.data.columns import (
    TEXT_LIMIT,
    boolean,
    choice,
    day,
    ident,
    integer,
    moment,
    real,
    table,
    text,
)

COMPLAINTS = table(
    "complaints",
    "Complaints, requests, enquiries and repairs with both their clocks (S0-22, S1-2, S2-1).",
    ["project", "complaint"],
    {
        "project": key.project(),
        "complaint": ident("工单编号", "record id"),
        "kind": choice("工单类型", "what it is (S1-5)", c.RECORD_KINDS),
        "household": key.household(null=True),
        "received_at": moment("受理时间", "when the customer spoke"),
        "entered_at": moment("录入时间", "when it was entered (S1-3)", null=True),
        "channel": text("渠道", "hotline, box, chat group, ... (S0-9)", null=True, limit=40),
        "category": text("类别", "subject", limit=60),
        "responsibility": integer(
            "责任类别", "1 service, 2 developer, 3 external (S1-2)", 1, 3, null=True
        ),
        "first_responsibility": integer(
            "原责任类别", "class before it was reclassified (S1-2)", 1, 3, null=True
        ),
        "severity": choice("复杂程度", "which deadline applies (S0-23)", c.SEVERITIES),
        "urgent": boolean("是否紧急", "urgent requests have a clock of their own (S2-1)"),
        "content": text("内容", "what it is about", null=True, limit=TEXT_LIMIT),
        "due_at": moment("承诺时限", "promised deadline (S0-22)", null=True),
        "responded_at": moment("响应时间", "first answer to the customer", null=True),
        "closed_at": moment("关闭时间", "empty: still open", null=True),
        "reopened_at": moment("重开时间", "counts again", null=True),
        "measure": text("处理措施", "filled in before closing (S1-3)", null=True, limit=TEXT_LIMIT),
        "recorded_by": key.recorder(),
    },
    references=key.PROJECT,
)

SUGGESTIONS = table(
    "suggestions",
    "Suggestions and what became of them (S0-25).",
    ["project", "suggestion"],
    {
        "project": key.project(),
        "suggestion": ident("建议编号", "record id"),
        "household": key.household(null=True),
        "received_at": moment("提出时间", "when it was made"),
        "channel": text("渠道", "where it was made", null=True, limit=40),
        "content": text("内容", "what is suggested", limit=TEXT_LIMIT),
        "state": choice("状态", "adopted or not", c.SUGGESTION_STATES),
        "decided_at": moment("决定时间", "when it was decided", null=True),
        "feedback_at": moment("反馈时间", "when the customer was told", null=True),
        "recorded_by": key.recorder(),
    },
    references=key.PROJECT,
)

VISITS = table(
    "visits",
    "Interviews and visits (S1-6, S3-10).",
    ["project", "visit"],
    {
        "project": key.project(),
        "visit": ident("拜访编号", "record id"),
        "household": key.household(),
        "visited_at": moment("拜访时间", "when"),
        "kind": choice("拜访方式", "how", c.VISIT_KINDS),
        "in_depth": boolean("是否深访", "in-depth interview (S1-6)"),
        "visitor_role": choice("拜访人角色", "quota it counts for", c.VISITOR_ROLES),
        "recorded_by": key.recorder(),
    },
    references=key.PROJECT | key.HOUSEHOLD,
)

ACTIONS = table(
    "actions",
    "Improvement measures and their verification (S0-26 to S0-30, S3-13).",
    ["project", "action"],
    {
        "project": key.project(),
        "action": ident("措施编号", "record id"),
        "wave": key.wave(),
        "item": ident("题目", "item it is to improve", null=True),
        "problem": text("问题", "what is wrong", limit=TEXT_LIMIT),
        "cause": choice("根本原因", "root cause (S0-26)", c.CAUSES),
        "action_group": choice("措施类别", "action group of the plan (S3-13)", c.ACTION_GROUPS),
        "measure": text("改进措施", "what is done", limit=TEXT_LIMIT),
        "owner": text("责任人", "role in charge (S0-27)", limit=60),
        "due_on": day("整改期限", "deadline (S0-27)"),
        "metric": text("衡量指标", "what is measured (S0-27)", limit=120),
        "baseline": real("基线", "metric before", [], null=True),
        "target": real("目标", "metric to be reached", [], null=True),
        "closed_on": day("关闭日期", "done, says the project", null=True),
        "verified_on": day("验证日期", "checked by the quality team (S0-30)", null=True),
        "verified": boolean("验证结果", "true: it works; empty: not checked", null=True),
        "recorded_by": key.recorder(),
    },
    references=key.PROJECT | key.WAVE,
)
