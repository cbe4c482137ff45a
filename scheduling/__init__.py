"""Planning, drawing and rostering (计划、抽取、排班): who is visited, when, and by whom."""
