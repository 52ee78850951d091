"""Whether what was acknowledged is there, once; and how long nothing was."""
import collections

LONGEST_UNTIL_WRITES = 30


def judge(ledger, rows, count, profiles):
    """What is wrong, by kind, in what a server shows: rows of both lists, and how many statuses it says there are."""
    found = collections.defaultdict(list)
    by_id = collections.defaultdict(list)
    for row in rows:
        by_id[row["id"]].append(row["status_content"])
    for number, texts in by_id.items():
        if len(texts) > 1:
            found["doubled"].append(f"status {number} is listed {len(texts)} times")
    for text, times in collections.Counter(row["status_content"] for row in rows).items():
        if times > 1:
            found["doubled"].append(f"{text!r} was posted once, and is there {times} times")
        if text not in ledger.posts:
            found["wrong"].append(f"{text!r} was never posted")
    for text, number in ledger.posts.items():
        if number is None:
            continue
        there = by_id.get(number)
        if there is None and number not in ledger.deletions:
            found["lost"].append(f"status {number}, {text!r}, was acknowledged, and is not there")
        elif there is not None and there[0] != text:
            found["wrong"].append(f"status {number} is {there[0]!r}, and {text!r} was acknowledged")
        elif there is not None and ledger.deletions.get(number):
            found["lost"].append(f"the deletion of status {number} was acknowledged, and it is there")
    if count != len(rows):
        found["wrong"].append(f"the list has {len(rows)} statuses, and says that there are {count}")
    judge_profiles(ledger, profiles, found)
    return dict(found)


def judge_profiles(ledger, profiles, found):
    """The same of accounts and of their cities."""
    names = collections.Counter(profile["user"] for profile in profiles)
    for username, acknowledged in ledger.accounts.items():
        if acknowledged and not names[username]:
            found["lost"].append(f"the registration of {username} was acknowledged, and the profile is not there")
        if names[username] > 1:
            found["doubled"].append(f"{username} has {names[username]} profiles")
    for profile in profiles:
        sent = ledger.cities.get(profile["id"], [])
        last = max((at for at, (_, acknowledged) in enumerate(sent) if acknowledged), default=None)
        allowed = [city for city, _ in sent[last:]] if last is not None else ["", None, *(city for city, _ in sent)]
        if profile["city"] not in allowed:
            found["lost"].append(f"profile {profile['id']} has the city {profile['city']!r}, and may have {allowed}")


def longest_pause(times):
    """The longest time between two of them that follow one another."""
    times = sorted(times)
    return max((later - earlier for earlier, later in zip(times, times[1:])), default=0.0)


def resumed(acknowledgements, servers, promoted_at):
    """For each server, seconds from the promotion until it acknowledged a write; None if it never did."""
    first = {}
    for at, server, _ in acknowledgements:
        if at >= promoted_at:
            first[server] = min(at, first.get(server, at))
    return {server: first[server] - promoted_at if server in first else None for server in servers}
