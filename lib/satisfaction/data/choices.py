"""Codes of the closed columns, with their words in both languages.

An import accepts the code or either word; reports show the word of their language.
"""

from __future__ import annotations

Choices = dict[str, tuple[str, str]]  # code -> (Chinese, English)

PROPERTY_TYPES: Choices = {
    "residential": ("住宅", "Residential"),
    "commercial": ("商业", "Commercial"),
    "industrial_park": ("产业园区", "Industrial park"),
}
OCCUPANCIES: Choices = {
    "resident": ("常住", "Resident"),
    "occasional": ("偶住", "Occasional"),
    "not_moved_in": ("未入住", "Not moved in"),
}
FLAGS: Choices = {
    "good_relationship": ("良好关系户", "Good relationship"),
    "blacklisted": ("黑色客户", "Blacklisted"),
}
WAVE_KINDS: Choices = {
    "annual": ("年度", "Annual"),
    "monthly": ("月度", "Monthly"),
    "special": ("专项", "Special"),
}
ROLES: Choices = {"main": ("正选", "Main"), "reserve": ("备选", "Reserve")}
MODES: Choices = {
    "web": ("网站", "Website"),
    "wechat": ("微信公众号", "WeChat account"),
    "app": ("手机应用", "App"),
    "paper": ("纸质问卷", "Paper"),
    "on_site": ("现场填写", "On site"),
    "phone": ("电话", "Phone"),
    "interview": ("入户访谈", "Interview"),
}
COLLECTORS: Choices = {
    "own_staff": ("本单位", "Own staff"),
    "third_party": ("第三方", "Third party"),
}
RECORD_KINDS: Choices = {
    "complaint": ("投诉", "Complaint"),
    "request": ("诉求", "Request"),
    "enquiry": ("咨询", "Enquiry"),
    "repair": ("报修", "Repair"),
}
SEVERITIES: Choices = {"ordinary": ("一般", "Ordinary"), "complex": ("复杂", "Complex")}
SUGGESTION_STATES: Choices = {
    "open": ("待定", "Open"),
    "adopted": ("采纳", "Adopted"),
    "declined": ("未采纳", "Declined"),
}
VISIT_KINDS: Choices = {
    "home": ("上门", "Home visit"),
    "phone": ("电话", "Phone"),
    "random": ("随机", "Random"),
}
VISITOR_ROLES: Choices = {
    "butler": ("管家", "Butler"),
    "department_head": ("部门负责人", "Department head"),
    "project_manager": ("项目经理", "Project manager"),
    "engineering_head": ("工程负责人", "Head of engineering"),
    "security_head": ("安全负责人", "Head of security"),
}
CAUSES: Choices = {
    "people": ("人员管理", "People"),
    "process": ("服务流程", "Process"),
    "resources": ("资源配置", "Resources"),
}
ACTION_GROUPS: Choices = {
    "data_check": ("数据核查", "Data check"),
    "visits": ("客户拜访", "Visits"),
    "service_innovation": ("服务创新", "Service innovation"),
    "blacklist_conversion": ("黑色客户转化", "Blacklist conversion"),
    "publicity": ("宣传", "Publicity"),
    "butler_support": ("管家支持", "Butler support"),
    "on_site_quality": ("现场品质", "On-site quality"),
}

STEPS: Choices = {
    "frame": ("总户数", "All households"),
    "handed_over": ("已收楼", "Handed over"),
    "moved_in": ("已入住", "Moved in"),
    "not_blacklisted": ("剔除黑色客户后", "Without blacklisted"),
    "invited": ("受邀", "Invited"),
    "answered": ("有效答卷", "Answered"),
}

ELIGIBILITIES: Choices = {
    "eligible": ("可抽取", "Can be drawn"),
    "not_handed_over": ("未收楼（S3-1）", "Not handed over (S3-1)"),
    "not_moved_in": ("未入住（S3-3）", "Not moved in (S3-3)"),
    "blacklisted": ("黑色客户，已声明排除（S3-4）", "Blacklisted, exclusion declared (S3-4)"),
}

CHARACTERISTICS: Choices = {
    "mode": ("收集方式", "Collection mode"),
    "customer_group": ("客户群体", "Customer group"),
    "occupancy": ("入住状态", "Occupancy"),
    "building": ("楼栋", "Building"),
}


def words(choices: Choices, lang: str) -> dict[str, str]:
    """Code -> word in ``lang``."""
    place = 0 if lang == "zh" else 1
    return {code: texts[place] for code, texts in choices.items()}
