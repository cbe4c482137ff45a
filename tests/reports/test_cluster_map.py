"""The map of travel clusters: every door once, counts in the table, names where there is room."""

from reports.cluster_map import NAMED, chart_clusters


def test_every_door_is_on_the_map_and_in_the_table() -> None:
    doors = [("东湖街道片1", 124.0, 30.0), ("东湖街道片1", 124.01, 30.0), ("科创园", 124.1, 30.1)]
    chart = chart_clusters(doors, unknown=2)
    assert chart.rows == (("东湖街道片1", "2", "124.0050", "30.0000"), ("科创园", "1", "124.1000", "30.1000"))
    assert "3 户分属 2 个出行片区；另有 2 户没有经纬度" in chart.description
    assert "科创园 1 户" in chart.svg


def test_names_give_way_where_there_are_many() -> None:
    chart = chart_clusters([(f"片{n}", 124 + n / 100, 30.0) for n in range(NAMED + 1)])
    assert "片0 1 户" not in chart.svg
    assert len(chart.rows) == NAMED + 1


def test_no_door_at_all_is_an_empty_map() -> None:
    assert chart_clusters([]).rows == ()
