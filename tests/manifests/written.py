"""The awkward spreadsheets of this folder, byte by byte: `python -m tests.manifests.written`.

Most editors would mend on saving what is wrong in them on purpose.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from tests.producer.workbooks import Failed, Formula, SheetOf, Styled, workbook

FOLDER = Path(__file__).parent

CHINESE = """\
2026 秋季新品 出图清单,,,,,
,,,,,
*商品编码,提示词（必填）,模型,图片尺寸,数量,备注
MUG-001,北欧风陶瓷马克杯，哑光奶白色，放在橡木桌上，晨光,wanx-v1,1024*1024,2,首页
MUG-002,青瓷茶杯，白底商品图，柔光,wanx-v1,720×1280,,
VASE-07,"琉璃花瓶，插一枝腊梅，
新中式客厅，侧光",wanx-v1,,1,"主图, 详情页"
,,,,,
"""
UNICODE_TEXT = (
    "sku\tprompt\tmodel\tn\tnote\r\n"
    'LAMP-1\t"台灯，黄铜底座，5"" 灯罩"\twanx-v1\t2\t€ 49\r\n'
    "LAMP-2\tdesk lamp with a paper shade\twanx-v1\t\t\r\n"
)
GERMAN = (
    "SKU;Description;Model;Hinweis\r\n"
    "TASSE-1;weiße Tasse auf Eichenholz, natürliches Licht;wanx-v1;Größe 8 cm, 9,90 €\r\n"
    "TASSE-2;grüne Schüssel für Müsli;wanx-v1;\r\n"
)
BARCODES = """\
条码,提示词
6901234567892,白色马克杯
6.90123E+12,蓝色马克杯
0012345678905,绿色马克杯
12345678905,红色马克杯
2026/3/5,黄色马克杯
6901234567908,黑色马克杯
"""
ERRORS = """\
sku,prompt,size,supplier
BAG-1,a canvas bag,1024*1024,Acme
BAG-2,#N/A,1024*1024,Acme
BAG-3,a leather bag,#REF!,#VALUE!
3-May,a paper bag,1024*1024,Acme
BAG-5,a straw bag,1024*1024,#NAME?
"""
MISREAD = (
    "sku,prompt,brand\n"
    f"TEA-1,{'红色水杯，白底'.encode().decode('gb18030', 'ignore')},Teahouse\n"
    f"TEA-2,{'Füße aus Messing'.encode().decode('cp1252')},Teahouse\n"
    f"TEA-3,{'陶瓷茶壶'.encode('gbk').decode('cp1252')},Teahouse\n"
    "TEA-4,青瓷锟斤拷茶具,Teahouse\n"
    "TEA-5,白瓷\ufffd茶具,Teahouse\n"
    f"TEA-6,a tea tray,{'Café'.encode().decode('cp1252')}\n"
    "TEA-7,绾发簪，紫檀木,Teahouse\n"
)
OWN_NAMES = """\
款式编号,画面,size,数量,供应商
SHIRT-1,亚麻衬衫，挂在木衣架上,XL,500,Acme
SHIRT-2,条纹衬衫，平铺白底,M,320,Acme
"""
WEB_PAGE = """\
<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="gb2312"></head>
<body><table><tr><td>sku</td><td>prompt</td></tr><tr><td>CAP-1</td><td>帽子</td></tr></table></body></html>
"""
QUOTES = (
    "sku,prompt,note\n"
    'PEN-1,"a fountain pen,\nnib in gold","two lines"\n'
    "PEN-2,a pen, in a box,unquoted\n"
    'PEN-3,"5" nib" pen,x\n'
    "PEN-4,\u00a0a ballpoint pen\u3000,\n"
    "pen-4,a pencil,\n"
    ",,\n"
    "PEN-6,,no prompt\n"
    "PEN-7,a marker,,,\n"
)

SHOP = workbook(
    SheetOf("参数", [["不要动"]], state="hidden"),
    SheetOf(
        "秋季",
        {
            1: ["2026 秋季新品"],
            3: ["条码", "商品编码", "提示词", "模型", "数量", "单价"],
            4: ["杯子类"],
            5: [6901234567892, Styled(7, "prefixed"), "白色马克杯", "wanx-v1", 2.0, 19.9],
            6: [
                Styled(12345678905, "zeros"),
                Styled(8, "prefixed"),
                "蓝色马克杯",
                "wanx-v1",
                None,
                0.1,
            ],
            9: ["茶具"],
            10: [
                6901234567908,
                "TEA-1",
                Formula('B10&" 茶壶"', "TEA-1 茶壶", "str"),
                "wanx-v1",
                Formula("1+0", "1"),
                Formula('IF(A10="","",A10)', "", "str"),
            ],
        },
        merged=["A1:F1", "A4:F4", "A9:F9"],
        dimension="A1:XFD1048576",
    ),
    SheetOf("库存", [["编号", "库存"], ["MUG-007", 12]]),
)
FORMULAS = workbook(
    SheetOf(
        "Sheet1",
        [
            ["sku", "prompt", "size", "n", "supplier"],
            ["BOX-1", "a gift box", "1024*1024", 1, "Acme"],
            [Styled(46147, "date"), "a tin box", "1024*1024", 1, "Acme"],
            ["BOX-3", Formula("VLOOKUP(A4,E:F,2,0)"), "1024*1024", 1, "Acme"],
            ["BOX-4", Failed("#N/A"), "1024*1024", 1, Formula("X1", "#REF!", "e")],
            ["BOX-5", "a wooden box", "720*1280", 1, "Acme"],
            ["BOX-6", "a paper box", None, 1, "Acme"],
            [6901234567890120, "a shoe box", "1024*1024", 1, "Acme"],
            ["BOX-8", "a match box", "1024*1024", 1, "Acme", "beside"],
        ],
        merged=["C6:C7"],
    )
)

FILES: dict[str, bytes] = {
    "01-chinese-excel.csv": CHINESE.replace("\n", "\r\n").encode("gb18030"),
    "02-unicode-text.txt": codecs.BOM_UTF16_LE + UNICODE_TEXT.encode("utf-16-le"),
    "03-german.csv": GERMAN.encode("cp1252"),
    "04-barcodes.csv": BARCODES.encode("utf-8-sig"),
    "05-errors.csv": ERRORS.encode(),
    "06-misread.csv": MISREAD.encode("utf-8-sig"),
    "07-shop.xlsx": SHOP,
    "08-formulas.xlsx": FORMULAS,
    "09-two-encodings.csv": "sku,prompt\nCUP-1,杯\n".encode("gb18030"),
    "10-own-names.csv": OWN_NAMES.encode("utf-8-sig"),
    "11-export.xls": WEB_PAGE.encode("gb18030"),
    "12-quotes.csv": QUOTES.encode(),
}


def write() -> None:
    """Write all of them again."""
    for name, content in FILES.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    write()
