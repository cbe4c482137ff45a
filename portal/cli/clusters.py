"""The command that shows which doors are visited on one trip: clusters."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table
from sqlalchemy import select

from portal.cli.console import Json, app, opened, out, tell
from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import Plan
from scheduling.clusters import spread
from scheduling.committed import OBJECTS, latest_draw
from scheduling.pool import read_facts
from scheduling.roster_problem import places_due


@app.command()
def clusters(
    plan: Annotated[int, typer.Argument(help="number of a drawn plan, see wurao plan list")],
    picture: Annotated[Path | None, typer.Option("--map", help="write a map to this file, SVG")] = None,
    as_json: Json = False,
) -> None:
    """Travel clusters (出行片区) of a drawn plan: doors and largest distance of each, as a table and a map."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        row = connection.execute(select(*Plan.__table__.c).where(Plan.id == plan)).mappings().first()
        draw = latest_draw(connection, plan, OBJECTS)
        if row is None or draw is None or draw["state"] not in ("drawn", "published"):
            raise Refusal(
                "clusters.not_drawn", f"计划 {plan} 还没有抽取结果。", "先完成检查对象的公开抽取。", 409
            )
        facts = read_facts(connection, row, load_rules())
        places = places_due(connection, row, draw["id"], load_rules(), facts)
    located = places[places["longitude"].notna() & places["latitude"].notna()]
    if picture:
        # Pictures need matplotlib, which costs a second that the table alone should not pay.
        from reports.cluster_map import chart_clusters

        doors = located[["cluster", "longitude", "latitude"]].itertuples(index=False, name=None)
        picture.write_text(chart_clusters(doors, len(places) - len(located)).svg, encoding="utf-8")
    found = [_facts(str(name), own) for name, own in places.groupby("cluster", sort=True)]
    tell({"plan": plan, "clusters": found}, as_json, lambda: _show(found, picture))


def _facts(name: str, own: pd.DataFrame) -> dict[str, Any]:
    spots = own[["longitude", "latitude"]].dropna().to_numpy(float)
    return {"cluster": name, "doors": len(own), "kilometres": round(spread(spots), 2) if len(spots) else None}


def _show(found: list[dict[str, Any]], picture: Path | None) -> None:
    table = Table("片区", "户数", "最远两户（千米）")
    for one in found:
        table.add_row(
            one["cluster"], f"{one['doors']:,}", "—" if one["kilometres"] is None else str(one["kilometres"])
        )
    out.print(table)
    if picture:
        out.print(f"出行片区图已写入 {picture}。")
