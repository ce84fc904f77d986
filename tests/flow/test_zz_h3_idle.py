from collections import defaultdict
import pytest, pickle
from flow.conftest import *
from flow import test_least_privilege as lp, test_closing_a_day, test_funds, finance_plays
from world.wired import GRANTED
from flow.customers import new_customer
USED=defaultdict(set)
plays=[p for m in (test_closing_a_day,test_funds) for p in lp.plays_of(m)]+list(finance_plays.PLAYS)
@pytest.mark.parametrize("play",plays,ids=lambda p:p.__name__)
def test_idle(open_shop,play):
        shop=open_shop(); play(shop,new_customer(shop))
        for f,p in shop.wiring.lists.watch.used.items(): USED[f]|=p
def test_zz():
    for f,p in GRANTED.items():
        if f.split("/")[0] in ("reconciliation","funds","ledger"):
            idle=sorted(p-USED[f]-{lp.PLATFORM_KEYS})
            if idle: print("IDLE",f,*idle,sep="\n   ")
