"""A workbook as text, so that a person can read in a golden file what Excel would show."""

from io import BytesIO

from openpyxl import load_workbook


def shown_workbook(content: bytes) -> str:
    """Every sheet with its filter, and every row with its cells; formulas would begin with a sign of their own."""
    lines = []
    for sheet in load_workbook(BytesIO(content)).worksheets:
        lines.append(f"[{sheet.title}] filter {sheet.auto_filter.ref or '-'}, frozen {sheet.freeze_panes or '-'}")
        for row in sheet.iter_rows():
            cells = [
                "" if cell.value is None else f"{'=' if cell.data_type == 'f' else ''}{cell.value}" for cell in row
            ]
            lines.append(" | ".join(cells).rstrip(" |"))
    return "\n".join(lines) + "\n"
