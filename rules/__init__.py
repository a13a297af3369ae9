"""Legal rules, rates, fees, deadlines and defaults as dated rows, each with its source. Ground floor.

`selectors.rule(code, on=date)` gives the row in force on a day. `data/rules.csv` holds what is shipped;
`services.load_rules` brings it in; from then on people keep the rows: one proposes a new row, another approves it. No
such figure stands in code.
"""
