"""All tables as pandera models: the source of the schema, of import checks and the dictionary."""

from __future__ import annotations

import pandera.pandas as pa

from satisfaction.data import choices as c
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


def _project() -> pa.Column:
    return ident("项目编号", "project id; part of file names")


def _wave() -> pa.Column:
    return ident("批次", "survey wave id; part of file names")


def _household(null: bool = False) -> pa.Column:
    return ident("户号", "pseudonymous household code, never the room", null=null)


def _response() -> pa.Column:
    return ident("答卷编号", "answer sheet id")


def _recorder() -> pa.Column:
    return text("记录人", "who recorded it (S2-8)", null=True, limit=60)


References = dict[tuple[str, ...], str]

PROJECT: References = {("project",): "projects"}
WAVE: References = {("wave",): "waves"}
HOUSEHOLD: References = {("project", "household"): "households"}

PROJECTS = table(
    "projects",
    "Estates and buildings under management (S0-1).",
    ["project"],
    {
        "project": _project(),
        "name": text("项目名称", "name as residents know it", limit=80),
        "name_en": text("英文名称", "name in English reports", null=True, limit=80),
        "property_type": choice("物业类型", "defines the peer group (S0-1)", c.PROPERTY_TYPES),
        "region": text("区域", "region of the company", limit=40),
        "handed_over_on": day("交付日期", "first handover of the project", null=True),
        "butlers": integer("管家人数", "butlers on duty (S3-10)", 0, null=True),
        "department_heads": integer("部门负责人人数", "department heads (S3-10)", 0, null=True),
        "synthetic": boolean(
            "合成数据", "true: invented data, labelled in every report", null=True
        ),
    },
)

HOUSEHOLDS = table(
    "households",
    "The frame: every household or unit of a project (S3-1).",
    ["project", "household"],
    {
        "project": _project(),
        "household": _household(),
        "building": text("楼栋", "building or block", limit=40),
        "customer_group": ident("客户群体", "customer group of the policy (S0-10)"),
        "occupancy": choice("入住状态", "how it is used (S3-3)", c.OCCUPANCIES),
        "handed_over_on": day("收楼日期", "empty: not handed over", null=True),
    },
    references=PROJECT,
)

HOUSEHOLD_FLAGS = table(
    "household_flags",
    "History of relationship flags (S3-1, S3-2); a lost flag keeps its row.",
    ["project", "household", "flag", "set_at"],
    {
        "project": _project(),
        "household": _household(),
        "flag": choice("标签", "which flag", c.FLAGS),
        "set_at": moment("标记时间", "when it was set"),
        "cleared_at": moment("取消时间", "when it was cleared; empty: still set", null=True),
        "reason": text("原因", "why it was set", null=True),
        "recorded_by": _recorder(),
    },
    references=PROJECT | HOUSEHOLD,
)

WAVES = table(
    "waves",
    "Survey waves: one plan for all projects (S0-3, S0-7, S3-6).",
    ["wave"],
    {
        "wave": _wave(),
        "name": text("批次名称", "as reports call it", limit=60),
        "name_en": text("批次英文名称", "as English reports call it", null=True, limit=60),
        "kind": choice("调查类型", "special surveys stay out of trends (S0-8)", c.WAVE_KINDS),
        "opened_on": day("开始日期", "first day of field work"),
        "closed_on": day("结束日期", "last day of field work"),
        "questionnaire": ident("问卷版本", "questionnaire key, unless a project has its own"),
        "delivered_on": day("报告交付日期", "report delivered (S0-21)", null=True),
    },
)

SAMPLES = table(
    "samples",
    "Drawn households of a wave, frozen at the draw (S0-6, S0-10).",
    ["project", "wave", "household"],
    {
        "project": _project(),
        "wave": _wave(),
        "household": _household(),
        "stratum": text("层", "stratum of the design", limit=120),
        "stratum_population": integer("层内总户数", "N_h in the frame", 1, unit="households"),
        "stratum_sample": integer("层内样本数", "n_h drawn as main", 1, unit="households"),
        "probability": real(
            "入样概率", "inclusion probability as main", [pa.Check.gt(0), pa.Check.le(1)]
        ),
        "role": choice("样本类别", "reserves answer for main units that fail", c.ROLES),
        "draw_order": integer("抽取顺序", "order within the stratum", 1),
        "invited": boolean("是否邀请", "asked to answer: all main units, reserves when used"),
        "seed": integer("随机种子", "seed of the draw", 0),
        "design_version": ident("设计版本", "version of the sampling method"),
        "drawn_at": moment("抽样时间", "when it was drawn; freezes frame and flags"),
    },
    references=PROJECT | WAVE | HOUSEHOLD,
)

RESPONSES = table(
    "responses",
    "Answer sheets, one row each; at most one a household and wave.",
    ["project", "wave", "response"],
    {
        "project": _project(),
        "wave": _wave(),
        "response": _response(),
        "household": _household(null=True),
        "customer_group": ident("客户群体", "as answered, where no frame tells it", null=True),
        "mode": choice("收集方式", "collection mode (S0-5)", c.MODES),
        "collected_by": choice(
            "收集方", "own staff or third party (S0-5)", c.COLLECTORS, null=True
        ),
        "collector": ident("收集人编号", "pseudonymous code of the collector", null=True),
        "answered_at": moment("答卷时间", "when it was answered", null=True),
    },
    references=PROJECT | WAVE | HOUSEHOLD,
)

ANSWERS = table(
    "answers",
    (
        "Scores, long; stored by project and wave so that a slice touches only its own blocks. "
        "The import holds key and references: an index over the key would cost 25 times the "
        "table's own space, foreign keys four times the time of an import."
    ),
    ["project", "wave", "response", "item"],
    {
        "project": _project(),
        "wave": _wave(),
        "response": _response(),
        "item": ident("题目", "item of the questionnaire"),
        "score": integer("得分", "score or code; empty: don't know", 0, 100, null=True),
    },
    indexed=False,
)

COMMENTS = table(
    "comments",
    "Open answers (S0-13, S0-15).",
    ["project", "wave", "response", "item"],
    {
        "project": _project(),
        "wave": _wave(),
        "response": _response(),
        "item": ident("题目", "open item of the questionnaire"),
        "text": text("内容", "what the resident wrote", limit=TEXT_LIMIT),
    },
    references=PROJECT | WAVE,
)

COMPLAINTS = table(
    "complaints",
    "Complaints, requests, enquiries and repairs with both their clocks (S0-22, S1-2, S2-1).",
    ["project", "complaint"],
    {
        "project": _project(),
        "complaint": ident("工单编号", "record id"),
        "kind": choice("工单类型", "what it is (S1-5)", c.RECORD_KINDS),
        "household": _household(null=True),
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
        "recorded_by": _recorder(),
    },
    references=PROJECT,
)

SUGGESTIONS = table(
    "suggestions",
    "Suggestions and what became of them (S0-25).",
    ["project", "suggestion"],
    {
        "project": _project(),
        "suggestion": ident("建议编号", "record id"),
        "household": _household(null=True),
        "received_at": moment("提出时间", "when it was made"),
        "channel": text("渠道", "where it was made", null=True, limit=40),
        "content": text("内容", "what is suggested", limit=TEXT_LIMIT),
        "state": choice("状态", "adopted or not", c.SUGGESTION_STATES),
        "decided_at": moment("决定时间", "when it was decided", null=True),
        "feedback_at": moment("反馈时间", "when the customer was told", null=True),
        "recorded_by": _recorder(),
    },
    references=PROJECT,
)

VISITS = table(
    "visits",
    "Interviews and visits (S1-6, S3-10).",
    ["project", "visit"],
    {
        "project": _project(),
        "visit": ident("拜访编号", "record id"),
        "household": _household(),
        "visited_at": moment("拜访时间", "when"),
        "kind": choice("拜访方式", "how", c.VISIT_KINDS),
        "in_depth": boolean("是否深访", "in-depth interview (S1-6)"),
        "visitor_role": choice("拜访人角色", "quota it counts for", c.VISITOR_ROLES),
        "recorded_by": _recorder(),
    },
    references=PROJECT | HOUSEHOLD,
)

ACTIONS = table(
    "actions",
    "Improvement measures and their verification (S0-26 to S0-30, S3-13).",
    ["project", "action"],
    {
        "project": _project(),
        "action": ident("措施编号", "record id"),
        "wave": _wave(),
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
        "recorded_by": _recorder(),
    },
    references=PROJECT | WAVE,
)

CONTACTS = table(
    "contacts",
    "Personal data, in a database of its own that no report can read (S4-6).",
    ["project", "household"],
    {
        "project": _project(),
        "household": _household(),
        "name": text("姓名", "contact person", null=True, limit=60),
        "phone": text("电话", "phone number", null=True, limit=40),
        "room": text("房号", "address within the project", null=True, limit=60),
    },
    personal=True,
)

TALLIES = table(
    "tallies",
    (
        "Answers counted by stratum and score, renewed by every import; trend and peers read them. "
        "Where a sample was drawn, answers of other households do not count."
    ),
    ["project", "wave", "item", "stratum", "score"],
    {
        "project": _project(),
        "wave": _wave(),
        "item": ident("题目", "closed item"),
        "stratum": text("层", "stratum of the design", limit=120),
        "stratum_population": integer("层内总户数", "N_h; empty: unknown", 0, null=True),
        "stratum_responses": integer("层内答卷数", "answer sheets in the stratum", 0),
        "score": integer("得分", "score; empty: don't know", 0, null=True),
        "answers": integer("答案数", "answers with this score", 0),
    },
    derived=True,
    indexed=False,
)

IMPORTS = table(
    "imports",
    "What came in when, from whom, with which fingerprint (S0-4, S2-8).",
    ["import_id"],
    {
        "import_id": ident("导入编号", "fingerprint of the event"),
        "table_name": ident("数据表", "table that the file was for"),
        "source": text("来源文件", "file that the rows came from", limit=300),
        "fingerprint": ident("文件指纹", "first 32 hex digits of the file's SHA-256"),
        "mapping": text("映射", "name of the mapping", null=True, limit=300),
        "mapping_fingerprint": ident("映射指纹", "SHA-256 of mapping, questionnaires and groups used", null=True),
        "rows": integer("行数", "rows of the file", 0),
        "imported_at": moment("导入时间", "when (UTC)"),
        "imported_by": text("导入人", "account that imported it", limit=120),
    },
    derived=True,
)

TABLES: dict[str, pa.DataFrameSchema] = {
    model.name: model
    for model in (
        PROJECTS,
        WAVES,
        HOUSEHOLDS,
        HOUSEHOLD_FLAGS,
        SAMPLES,
        RESPONSES,
        ANSWERS,
        COMMENTS,
        COMPLAINTS,
        SUGGESTIONS,
        VISITS,
        ACTIONS,
        TALLIES,
        IMPORTS,
        CONTACTS,
    )
}
IMPORTABLE = tuple(name for name, model in TABLES.items() if not model.metadata["derived"])
