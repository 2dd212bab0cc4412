"""Quality assurance: plans that play sources under stated networks and faults, judge them, and leave evidence."""
