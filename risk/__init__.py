"""Credit-risk grading (信用风险分类): facts become judgements about one enterprise, as of a date."""
