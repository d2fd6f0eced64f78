"""Word lists of both languages, one place."""

from __future__ import annotations

ENGLISH_STOP_WORDS = """
a an the of in on at by for to from with without about into over under between among through during and or but nor so
yet if then than that this these those there here it its he she they them his her their our your my me we you i is are
was were be been being am do does did done doing have has had having can could may might must shall should will would
not no what which who whom whose when where why how much many long often far as also just only very such some any each
every all both other another same own s t re ve ll d m please tell give explain describe list mr mrs ms dr
"""

ENGLISH_LIGHT_WORDS = """
name named call called type kind sort year date time place country city people person number amount total first last
one two three part term example use used using make made include included including happen happened occur become became
locate located know known consider considered refer referred mean means most more main reason result cause way find
found get go come take say said think begin began start started end ended need require required work new word described
according
"""
"""Words of questions that answers often paraphrase: absent from a passage they say little."""

CHINESE_STOP_WORDS = """
几点 几号 几月 几天 几年 几次 几门 几名 几种 几位 几岁 第几 哪几 多远 多快 多重 多深 多宽 究竟 到底 分别
的 了 是 在 和 与 及 或 由 被 把 对 从 到 于 以 为 有 无 也 都 就 而 并 其 之 这 那 哪 个 些 什么
哪些 哪个 哪里 哪儿 哪一 哪一年 哪年 哪天 哪种 哪位 谁 多少 几 如何 怎么 怎样 怎么样 为什么 为何
何时 何地 何 吗 呢 吧 啊 是否 请问 请 可以 能 能否 要 需要 会 应 应该 应当 一个 一种 一些 它 他 她
它们 他们 她们 我 我们 你 你们 您 自己 时候 时 什么样 是不是 有没有 多久 多长 多大 多高 几个 告诉
介绍 说明 一下 关于 中 里 上 下 后 前
"""

CHINESE_LIGHT_WORDS = """
时间 地点 原因 条件 方式 名字 名称 人 年 月 日 称为 叫 叫做 主要 包括 进行 具体 情况 方面 内容 第一 认为 作为 属于 位于
"""

ENGLISH_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
)

ENGLISH_MONTHS = (
    "january february march april may june july august september october november december"  # in order: 1 to 12
)

RELATION_WORDS = """
地址 地点 地名 位置 地理位置 所在 所在地 职业 意图 目的 排名 名次 最先 最早 最后 最终 身份 国籍 民族 籍贯 家乡
出生地 别名 别称 简称 全称 原名 本名 真名 表字 定义 含义 意思 特点 特征 作用 用途 来源 起因 结果 标准 颜色 数量
总数 人数 面积 长度 高度 种类 类型 类别 性质 作者 导演 主演 主题 题材 内容 目标 对象 范围 功能 成分 写作 意义
形式 领域 机构 单位 全部 共计 总共 一共 现在 目前 当时 今天 分别 拥有 具有 发生 这张 这部 这个 产地
size goal kind type name right term title purpose aim role status reason example town city provide primary
typical collectively overall location job profession occupation address object called known
"""
"""Words that name how two things stand to each other; a statement may have them where its passage has none."""
