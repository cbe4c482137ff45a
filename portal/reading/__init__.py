"""Reading (查询): the statements behind the pages. Every one that names an enterprise takes a scope."""
