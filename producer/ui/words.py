"""What the status pages say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from results.words import STATES, Language, Wording
from schemas.lane import Limit
from schemas.states import BatchState

SAID: Mapping[str, Wording] = {
    "account": Wording("Sign out", "退出"),
    "at_risk": Wording("Charged for nothing, perhaps", "可能白付的费用"),
    "batch": Wording("Batch", "批次"),
    "batches": Wording("Batches", "批次"),
    "binds": Wording("What limits it", "受限于"),
    "budget": Wording("Budget", "预算"),
    "contact_sheet": Wording("Contact sheet", "图片总览"),
    "cost": Wording("Cost", "费用"),
    "count": Wording("Rows", "行数"),
    "counted_so_far": Wording(
        "{read} of {parts} parts of the results are counted so far.",
        "目前已统计 {parts} 个结果分块中的 {read} 个。",
    ),
    "done": Wording("Done", "完成"),
    "doubles": Wording("Possibly paid twice", "可能重复计费"),
    "enter": Wording("Look", "进入"),
    "errors": Wording("What went wrong", "错误原因"),
    "examples": Wording("For example", "例如"),
    "failed": Wording("Not complete", "未完成"),
    "files": Wording("Files", "文件"),
    "finished": Wording("Finished", "结束于"),
    "images": Wording("Pictures", "图片"),
    "in_play": Wording("At the provider", "服务商处理中"),
    "in_the_way": Wording("In its way", "受阻原因"),
    "lane": Wording("Lane", "通道"),
    "lanes": Wording("Lanes", "通道"),
    "left": Wording("Time left", "剩余时间"),
    "left_unknown": Wording("not known yet", "尚不清楚"),
    "no_batches": Wording("There is no batch yet.", "还没有批次。"),
    "no_lanes": Wording("Nobody has ordered through any lane yet.", "还没有通道下过订单。"),
    "none_failed": Wording("Nothing so far.", "目前没有。"),
    "nobody_works": Wording("No worker is running.", "没有正在运行的工作进程。"),
    "newer": Wording("Newer", "较新"),
    "older": Wording("Older", "较早"),
    "pace": Wording("Pictures a minute", "每分钟图片数"),
    "priority": Wording("Priority", "优先级"),
    "progress": Wording("Progress", "进度"),
    "provider_says": Wording("Code", "错误码"),
    "rate": Wording("Orders a second", "每秒订单数"),
    "reason": Wording("Reason", "原因"),
    "reused": Wording("Drawn before", "此前已绘制"),
    "stale": Wording(
        "No answer just now; what you see is from before.", "暂时没有响应；所见为先前的内容。"
    ),
    "started": Wording("Started", "开始于"),
    "state": Wording("State", "状态"),
    "storing": Wording("Being stored", "保存中"),
    "there_is_none": Wording("There is no such page.", "没有这个页面。"),
    "throttled": Wording("Refused as too many", "因过多被拒"),
    "to_do": Wording("What you can do", "可采取的操作"),
    "todo_budget": Wording("raises the budget and goes on", "提高预算并继续"),
    "todo_cancelled": Wording("orders withdrawn rows after all", "重新订购已撤回的行"),
    "todo_lane": Wording(
        "lets the lane go on, once what stopped it is put right", "排除故障后让通道继续"
    ),
    "todo_resume": Wording("goes on", "继续"),
    "todo_retry": Wording("runs failed and partial rows again", "重新运行失败和部分完成的行"),
    "todo_uncertain": Wording(
        "orders uncertain rows once more; they may be paid for twice",
        "再次订购不确定的行，可能重复计费",
    ),
    "token": Wording("Token", "令牌"),
    "token_where": Wording(
        "It is IMAGEMILL_UI_TOKEN, or what `imagemill ui` said when it started.",
        "即 IMAGEMILL_UI_TOKEN，或 `imagemill ui` 启动时显示的内容。",
    ),
    "token_wrong": Wording("That is not the token.", "令牌不正确。"),
    "total": Wording("Rows", "行数"),
    "trouble": Wording("The pages cannot be shown just now.", "暂时无法显示页面。"),
    "typical": Wording("Usual time", "通常用时"),
    "unit_h": Wording("h", "小时"),
    "unit_min": Wording("min", "分"),
    "unit_s": Wording("s", "秒"),
    "use_of_rate": Wording("Use of the rate", "速率利用率"),
    "use_of_window": Wording("Use of the window", "窗口利用率"),
    "waiting": Wording("Waiting", "等待中"),
    "welcome": Wording("Who may look?", "谁可以查看？"),
    "workers": Wording(
        "Workers: {count}, with {threads} threads", "工作进程：{count}，线程：{threads}"
    ),
}

BATCH_STATES: Mapping[str, Wording] = {
    BatchState.OPENING: Wording("Being handed in", "提交中"),
    BatchState.RUNNING: Wording("Running", "进行中"),
    BatchState.FINISHED: Wording("Finished", "已结束"),
    "paused": Wording("Paused", "已暂停"),
    "cancelling": Wording("Being cancelled", "取消中"),
    "parked: budget": Wording("Parked: budget", "暂停：预算用尽"),
    "outside its hours": Wording("Outside its hours", "不在允许的时段"),
}

LIMITS: Mapping[str, Wording] = {
    Limit.NOTHING_TO_DO: Wording("nothing to do", "没有任务"),
    Limit.STOPPED: Wording("stopped", "已停止"),
    Limit.PAUSED: Wording("paused", "已暂停"),
    Limit.HOURS: Wording("outside its hours", "不在允许的时段"),
    Limit.BUDGET: Wording("the budget", "预算"),
    Limit.PROVIDER: Wording("the provider refuses or fails", "服务商拒绝或出错"),
    Limit.STORING: Wording("pictures wait to be stored", "图片等待保存"),
    Limit.QUERY_RATE: Wording("the account's task queries", "账号的查询速率"),
    Limit.RUNNING: Wording("running tasks", "同时运行的任务数"),
    Limit.RATE: Wording("the rate", "速率"),
    Limit.WORKERS: Wording("workers: more would help", "工作进程不足"),
}


class Speech:
    """Everything there is to say, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.say = {name: wording.said_in(language) for name, wording in SAID.items()}
        self.states = {str(state): wording.said_in(language) for state, wording in STATES.items()}

    def batch_state(self, state: str) -> str:
        """A batch's state; one that has no words is shown as it is."""
        return self._said(BATCH_STATES, state)

    def limit(self, limit: str) -> str:
        """What binds a lane."""
        return self._said(LIMITS, limit)

    def span(self, whole_s: float) -> str:
        """A time span: its two largest units."""
        hours, rest = divmod(max(round(whole_s), 0), 3600)
        minutes, seconds = divmod(rest, 60)
        parts = [(hours, "unit_h"), (minutes, "unit_min"), (seconds, "unit_s")]
        told = [f"{count} {self.say[unit]}" for count, unit in parts if count][:2]
        return " ".join(told) or f"0 {self.say['unit_s']}"

    def _said(self, words: Mapping[str, Wording], name: str) -> str:
        wording = words.get(name)
        return name if wording is None else wording.said_in(self.language)


def language_of(asked: str, kept: str, accepted: str) -> Language:
    """Whom to speak to: as the page was asked, as was chosen before, as the browser prefers."""
    for said in (asked, kept):
        if said in tuple(Language):
            return Language(said)
    chinese = accepted.strip().lower().startswith("zh")
    return Language.CHINESE if chinese else Language.ENGLISH
