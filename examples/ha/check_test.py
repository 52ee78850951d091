#!/usr/bin/python3
"""That the check finds each thing that it is there to find: /usr/bin/python3 examples/ha/check_test.py"""
import os
import sys
import unittest

sys.dont_write_bytecode = True

import check
from ledger import Ledger


class Judging(unittest.TestCase):
    """Ada posted four times: 1 and 2 were acknowledged, 3 was too and then deleted, the fourth was never answered."""

    def setUp(self):
        self.ledger = Ledger(os.devnull)
        self.addCleanup(self.ledger.file.close)
        for text, number in (("one", 1), ("two", 2), ("three", 3)):
            self.ledger.sent_post(text)
            self.ledger.posted("server1", text, number)
        self.ledger.sent_post("four")
        self.ledger.sent_deletion(3)
        self.ledger.deleted("server1", 3)
        self.ledger.sent_account("ada")
        self.ledger.registered("server1", "ada")
        for city, acknowledged in (("Turin", True), ("Oslo", True), ("Rome", False)):
            self.ledger.sent_city(1, city)
            if acknowledged:
                self.ledger.edited("server1", 1, city)
        self.rows = [self.row(1, "one"), self.row(2, "two")]
        self.profiles = [self.profile(1, "ada", "Oslo")]

    @staticmethod
    def row(number, text):
        return {"id": number, "status_content": text}

    @staticmethod
    def profile(number, user, city):
        return {"id": number, "user": user, "city": city}

    def found(self, count=None):
        """Of each kind, how many."""
        judged = check.judge(self.ledger, self.rows, len(self.rows) if count is None else count, self.profiles)
        return {kind: len(texts) for kind, texts in judged.items()}

    def test_nothing_is_wrong(self):
        self.assertEqual(self.found(), {})

    def test_what_was_not_answered_may_be_there(self):
        self.rows.append(self.row(4, "four"))
        self.profiles = [self.profile(1, "ada", "Rome")]
        self.assertEqual(self.found(), {})

    def test_a_status_is_lost(self):
        self.rows.pop()
        self.assertEqual(self.found(), {"lost": 1})

    def test_a_deletion_is_lost(self):
        self.rows.append(self.row(3, "three"))
        self.assertEqual(self.found(), {"lost": 1})

    def test_a_deletion_that_was_not_answered_may_be_done(self):
        self.ledger.sent_deletion(2)
        self.assertEqual(self.found(), {})
        self.rows.pop()
        self.assertEqual(self.found(), {})

    def test_an_edit_is_lost(self):
        for city in ("Turin", "", None):
            self.profiles = [self.profile(1, "ada", city)]
            self.assertEqual(self.found(), {"lost": 1}, city)

    def test_an_account_is_lost(self):
        self.profiles = []
        self.assertEqual(self.found(), {"lost": 1})

    def test_a_status_is_there_twice(self):
        self.rows.append(self.row(5, "one"))
        self.assertEqual(self.found(), {"doubled": 1})

    def test_an_id_is_there_twice(self):
        self.rows.append(self.row(1, "four"))
        self.assertEqual(self.found(), {"doubled": 1})

    def test_an_account_is_there_twice(self):
        self.profiles.append(self.profile(2, "ada", ""))
        self.assertEqual(self.found(), {"doubled": 1})

    def test_an_id_has_another_text(self):
        self.rows[1] = self.row(2, "four")
        self.assertEqual(self.found(), {"wrong": 1})

    def test_nobody_posted_it(self):
        self.rows.append(self.row(6, "six"))
        self.assertEqual(self.found(), {"wrong": 1})

    def test_the_count_is_off(self):
        self.assertEqual(self.found(count=3), {"wrong": 1})


class Times(unittest.TestCase):
    def test_the_longest_pause(self):
        self.assertEqual(check.longest_pause([1, 9, 2, 4]), 5)
        self.assertEqual(check.longest_pause([]), 0)

    def test_each_server_resumes(self):
        acknowledged = [(1, "a", "post"), (1, "b", "post"), (6, "b", "post"), (8, "b", "edit")]
        self.assertEqual(check.resumed(acknowledged, ["a", "b"], 5), {"a": None, "b": 1})


if __name__ == "__main__":
    unittest.main()
