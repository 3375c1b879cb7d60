"""English words of the report."""

EN: dict[str, str] = {
    # -- verdict
    "more": "more",
    "fewer": "fewer",
    "gain_weekly_coverage_of_residents": "about {people} {more} {who} reached every "
    "week{in_range}, that is "
    "{diff}",
    "gain_coverage_of_residents": "about {people} {more} {who} reached in {weeks}{in_range}, that is {diff}",
    "gain_never_reached_share_of_residents": "about {people} {more} {who} never "
    "reached{in_range}, that is "
    "{diff}",
    "gain_residents_reached": "about {people} {more} {who} reached in {weeks}{in_range}",
    "gain_residents_never_reached": "about {people} {more} {who} never reached in {weeks}{in_range}",
    "gain_other": "{kpi}: {diff}{in_range}",
    "gain_range": " ({range})",
    "verdict_better": "{alt} does better than {base}: {gain}",
    "verdict_equal": "{alts} do better than {base} and are as good as each other; for {alt}: {gain}",
    "verdict_rivals": ". This choice cannot yet be told apart from {alts}",
    "verdict_worse_one": "Better to keep {base}: {alt} does worse, {gain}",
    "verdict_worse_many": "Better to keep {base}: all {n} changes do worse; the least bad, {alt}: {gain}",
    "verdict_no_difference_one": "{alt} makes no real difference compared with {base}: the gap "
    "({range}) stays inside "
    "the zone of indifference of ± {zone}",
    "verdict_no_difference_many": "No change does better than {base}: the most favourable, {alt}, stays "
    "inside the "
    "zone of indifference of ± {zone} ({range})",
    "verdict_cannot_tell_one": "We cannot tell {alt} and {base} apart: the gap in {kpi}, {diff} (from "
    "{range}), is too "
    "uncertain to conclude",
    "verdict_cannot_tell_many": "We cannot tell: no change stands out from {base}; the most promising, "
    "{alt}, gives "
    "{diff} in {kpi} (from {range})",
    "verdict_single_run": "We cannot tell {alt} and {base} apart: a single simulation says nothing about the "
    "uncertainty",
    "verdict_changed_one": "{alt} clearly changes {kpi} compared with {base}: {diff} (from "
    "{range}). This indicator has "
    ""
    "no good direction of its own: that is for you to judge",
    "verdict_changed_many": "The clearest change in {kpi} comes from {alt}: {diff} (from {range}). "
    "This indicator has no "
    ""
    "good direction of its own: that is for you to judge",
    "verdict_and_worse": "; {alts}: worse",
    "verdict_empty": "Nothing to compare: no difference was computed for the decision indicator.",
    "chance_better": "Probability that {alt} does better than {base}: {p}",
    "chance_best": "; that it is the best of the {n} scenarios: {p}",
    "not_a_promise": "This is the result of a simulation, not a promise: it is worth what "
    "its assumptions are "
    "worth.",
    "kind_better": "A clear gain",
    "kind_worse": "Better to change nothing",
    "kind_no_difference": "No difference that matters",
    "kind_cannot_tell": "We cannot tell",
    "kind_changed": "A clear change",
    "kind_empty": "No answer",
    # -- words of tables
    "better": "better",
    "worse": "worse",
    "no_difference": "same",
    "cannot_tell": "undecided",
    "changed": "changed",
    "baseline": "baseline",
    "today": "Baseline",
    "less_is_better": "less is better",
    "interval_95": "95% interval",
    "no_interval": "no interval",
    # -- header
    "eyebrow": "Comparison of strategies",
    "city_line": "{city}, {year} · {residents} · {weeks} simulated",
    "full_size": "one simulated resident per real resident",
    "thinned": "thinned city: {share} of residents simulated, counts scaled back to the whole city",
    "contents": "Contents",
    "nav_change": "What changes",
    "nav_effects": "The differences",
    "nav_who": "Who",
    "nav_when": "When",
    "nav_overlap": "Overlap",
    "nav_followers": "Followers",
    "nav_sure": "How sure",
    "nav_moves": "Solidity",
    "nav_rests": "Assumptions",
    "verdict_title": "The answer",
    "decision_on": "Decided on: {kpi}.",
    "card_people": "about {people} {more} {who}",
    "card_people_range": "{range}",
    "card_base_people": "about {people} {who}",
    # -- sections
    "h_change": "What changes",
    "change_none": "No description.",
    "h_effects": "By how much?",
    "effects_lead": "Difference between each change and the baseline. Filled marker: a "
    "clear difference. Hollow "
    "marker: "
    "none, negligible or uncertain. The bar is the 95% interval.",
    "forest_caption": "Differences relative to the baseline, in per cent. Grey band: zone of indifference (± "
    "{zone}), "
    "where a difference does not matter.",
    "forest_alt": "Relative differences of the main indicators with their 95% intervals. "
    "The same numbers are "
    "in the "
    "table that follows.",
    "forest_axis": "difference from the baseline",
    "effects_table": "The same differences in numbers",
    "effects_empty": "No difference was computed.",
    "col_scenario": "Scenario",
    "col_mean": "Mean",
    "col_diff": "Difference",
    "col_relative": "In %",
    "col_interval": "95% interval",
    "col_verdict": "Verdict",
    "base_value": "Baseline: {value}",
    "all_kpis": "All other indicators ({n})",
    "h_who": "Who is reached?",
    "coverage_caption": "Share of residents of each age reached at least once in {weeks}.",
    "coverage_caption_other": "{kpi}, by age.",
    "coverage_alt": "Share of residents reached, by age and scenario. The same numbers are in the table that "
    "follows.",
    "coverage_axis": "share of residents of this age",
    "coverage_table": "Share of residents reached, by age",
    "never_table": "Number of residents never reached, by age",
    "age": "Age",
    "all_ages": "All ages",
    "who_spread": "Today, those aged {high} are reached best ({high_value}), those aged {low} least "
    "({low_value}).",
    "who_gain": "With {alt}, the effect is strongest at ages {band}: {diff}.",
    "who_never": "In {weeks}, about {n} residents never see a post of the city with {alt}, against {base} "
    "with the "
    "baseline.",
    "who_children": "Under-15s hold no account in the model: they count in the population, never in the "
    "audience.",
    "who_empty": "Coverage by age was not computed.",
    "h_when": "At what time?",
    "hour_caption": "First views by hour, on an average day: each post counts once per person.",
    "hour_alt": "First views by hour of the day, one line per scenario.",
    "hour_axis": "hour of the day",
    "hour_peak": "The busiest hour is {peaks}.",
    "hour_peak_one": "{hour} for {who}",
    "hour_peak_all": "{hour} in every scenario",
    "hour_evening": "Share of views between 18:00 and midnight: {shares}.",
    "hour_table": "The numbers, hour by hour",
    "hour": "Hour",
    "when_empty": "Views by hour were not computed.",
    "h_overlap": "Do the platforms reach the same people?",
    "overlap_lead": "The darker a cell, the more two platforms repeat each other; the lighter, the more each "
    "brings an "
    "audience of its own.",
    "overlap_caption": "Overlap between platforms",
    "overlap_most": "Largest overlap with the baseline: {pair} ({value}). Smallest: "
    "{low_pair} ({low_value}).",
    "overlap_empty": "A single platform, or overlap not computed.",
    "platform": "Platform",
    "h_followers": "How many followers?",
    "followers_lead": "Mean number of followers at the end of the {weeks}.",
    "followers_caption": "Followers by platform at the end of the period",
    "climb_caption": "{platform}, newly opened account: followers week after week.",
    "climb_alt": "Followers of the {platform} account at the end of each week, one line per scenario.",
    "climb_says": "On {platform}, from zero, the account reaches on average {values} in {weeks}.",
    "climb_value": "{n} followers with {alt}",
    "week_axis": "week",
    "followers_empty": "Followers were not counted.",
    "no_account": "no account",
    "h_sure": "How sure is this?",
    "sure_runs": "Each scenario was simulated {n} times on the same city ({n} replicates).",
    "maybe_small": "The difference is real, but it may be too small to matter (under ± {zone}).",
    "sure_run_one": "A single simulation of each scenario: no interval can be computed.",
    "sure_spread": "From one simulation to the next, the difference of {alt} varies by ± {sd}: this is the "
    "share of luck "
    "that a real period holds. The mean difference itself is known to within ± {half}: only this "
    "second number shrinks when more is simulated.",
    "sure_gain": "Each simulation puts the scenarios through the same residents and the same luck. With "
    "independent luck, "
    "about {times} times as many simulations would have been needed for the same precision.",
    "sure_gain_none": "Sharing the luck between scenarios gained almost nothing here (factor {times}).",
    "sure_limits": "These intervals measure chance, not the uncertainty of the assumptions: see the next "
    "section.",
    "runs_caption": "Dots: difference in each simulation. Thick bar: 95% interval of the "
    "mean difference. Grey "
    "band: zone "
    "of indifference.",
    "runs_alt": "Differences simulation by simulation on the decision indicator, and the interval of their "
    "mean.",
    "runs_axis": "difference from the baseline",
    "runs_axis_points": "difference from the baseline, in points",
    "best_caption": "Which scenario is best on the decision indicator?",
    "col_p_best": "Probability of being the best",
    "col_p_zone": "Probability of being as good as the best (± {zone})",
    "h_moves": "Does this result survive its assumptions?",
    "moves_none": "Not examined yet. To know which assumed figures move this result, "
    "with the other options of this page:",
    "moves_thinned": "Examined on {share}% of the residents.",
    "moves_ranking": "Who ranks first when the figures move",
    "moves_effects": "The figures that move the difference",
    "moves_page": "The whole analysis: shares of variance, what turns the ranking over, what was held fixed",
    "h_rests": "What this rests on",
    "rests_lead": "The figures that weigh most on the answer, assumptions first. Change "
    "them if you know your "
    "city "
    "better.",
    "rests_lead_moves": "The figures that move this result, in the order of their effect, the "
    "assumed ones first.",
    "rests_count": "{assumed} of the {n} figures below are assumed.",
    "rests_caption": "Figures used",
    "rests_more": "The other figures used ({n})",
    "rests_empty": "No figure was declared.",
    "col_figure": "Figure",
    "col_value": "Value",
    "col_moves": "Effect on the difference",
    "col_tag": "Kind",
    "col_source": "Source",
    "measured": "measured",
    "borrowed": "borrowed",
    "assumed": "assumed",
    "given": "given",
    "warnings": "Keep in mind",
    "limits": "What the model cannot tell",
    "limit_post": "The success of one given post: it speaks of averages over weeks.",
    "limit_people": "What one given person will do: its residents are fictitious, only "
    "their numbers are true.",
    "limit_content": "What to write: it judges neither texts nor pictures.",
    "limit_cause": "Whether past hours caused past results: they are mixed up with "
    "content. A trial week will "
    "tell "
    "better.",
    "limit_offline": "The effect of posters, the town magazine or the front desk: only social platforms are "
    "simulated.",
    "h_provenance": "Provenance",
    "provenance_lead": "What it takes to repeat exactly this computation.",
    "footer": "Report made by city-audience. Self-contained page: nothing is loaded from outside.",
}
