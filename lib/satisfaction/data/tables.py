"""All tables as pandera models: the source of the schema, of import checks and the dictionary."""

from __future__ import annotations

import pandera.pandas as pa

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
from satisfaction.data.records import ACTIONS, COMPLAINTS, SUGGESTIONS, VISITS

PROJECTS = table(
    "projects",
    "Estates and buildings under management (S0-1).",
    ["project"],
    {
        "project": key.project(),
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
        "project": key.project(),
        "household": key.household(),
        "building": text("楼栋", "building or block", limit=40),
        "customer_group": ident("客户群体", "customer group of the policy (S0-10)"),
        "occupancy": choice("入住状态", "how it is used (S3-3)", c.OCCUPANCIES),
        "handed_over_on": day("收楼日期", "empty: not handed over", null=True),
    },
    references=key.PROJECT,
)

HOUSEHOLD_FLAGS = table(
    "household_flags",
    "History of relationship flags (S3-1, S3-2); a lost flag keeps its row.",
    ["project", "household", "flag", "set_at"],
    {
        "project": key.project(),
        "household": key.household(),
        "flag": choice("标签", "which flag", c.FLAGS),
        "set_at": moment("标记时间", "when it was set"),
        "cleared_at": moment("取消时间", "when it was cleared; empty: still set", null=True),
        "reason": text("原因", "why it was set", null=True),
        "recorded_by": key.recorder(),
    },
    references=key.PROJECT | key.HOUSEHOLD,
)

WAVES = table(
    "waves",
    "Survey waves: one plan for all projects (S0-3, S0-7, S3-6).",
    ["wave"],
    {
        "wave": key.wave(),
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
        "project": key.project(),
        "wave": key.wave(),
        "household": key.household(),
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
    references=key.PROJECT | key.WAVE | key.HOUSEHOLD,
)

RESPONSES = table(
    "responses",
    "Answer sheets, one row each; at most one a household and wave.",
    ["project", "wave", "response"],
    {
        "project": key.project(),
        "wave": key.wave(),
        "response": key.response(),
        "household": key.household(null=True),
        "customer_group": ident("客户群体", "as answered, where no frame tells it", null=True),
        "mode": choice("收集方式", "collection mode (S0-5)", c.MODES),
        "collected_by": choice(
            "收集方", "own staff or third party (S0-5)", c.COLLECTORS, null=True
        ),
        "collector": ident("收集人编号", "pseudonymous code of the collector", null=True),
        "answered_at": moment("答卷时间", "when it was answered", null=True),
    },
    references=key.PROJECT | key.WAVE | key.HOUSEHOLD,
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
        "project": key.project(),
        "wave": key.wave(),
        "response": key.response(),
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
        "project": key.project(),
        "wave": key.wave(),
        "response": key.response(),
        "item": ident("题目", "open item of the questionnaire"),
        "text": text("内容", "what the resident wrote", limit=TEXT_LIMIT),
    },
    references=key.PROJECT | key.WAVE,
)

CONTACTS = table(
    "contacts",
    "Personal data, in a database of its own that no report can read (S4-6).",
    ["project", "household"],
    {
        "project": key.project(),
        "household": key.household(),
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
    ["project", "wave", "item"],
    {
        "project": key.project(),
        "wave": key.wave(),
        "item": ident("题目", "closed item"),
        "responses": integer("答卷数", "answer sheets of the strata with an answer to it", 1),
        "counts": text(
            "分层计数",
            "each stratum, by name, as N_h/answer sheets=score:answers,score:answers, and so on; "
            "N_h -1: unknown, score -1: don't know",
            limit=1_000_000,
        ),
    },
    derived=True,
    indexed=False,
)

FRAMES = table(
    "frames",
    (
        "Households counted at each draw, renewed by every import; the exclusion audit reads them "
        "(S3-4). Without a drawn sample they are counted on the first day of the field work."
    ),
    ["project", "wave"],
    {
        "project": key.project(),
        "wave": key.wave(),
        "drawn_at": moment("抽样时间", "moment that the counts hold for"),
        "eligible": integer("可抽户数", "households handed over and moved in (S3-3)", 0),
        "blacklisted": integer("其中黑色客户", "blacklisted among them", 0),
        "drawn": integer("抽中户数", "drawn among them, reserves too; 0: none was drawn", 0),
        "drawn_blacklisted": integer("抽中黑色客户", "blacklisted among the drawn", 0),
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
        "mapping_fingerprint": ident(
            "映射指纹", "SHA-256 of mapping, questionnaires and groups used", null=True
        ),
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
        FRAMES,
        IMPORTS,
        CONTACTS,
    )
}
IMPORTABLE = tuple(name for name, model in TABLES.items() if not model.metadata["derived"])
