"""The periodic work of deals but for tracking: each row by itself, so that one that fails keeps no other back."""

from deals import selectors
from deals.services.closing import hand_down
from deals.services.offers import lapse_offer
from deals.services.signing import start_contract
from marketplace.kit.alone import alone

HANDED_DOWN_AT_MOST = 200


def start_due_contracts() -> int:
    """Put into effect the signed contracts whose day has come; give how many."""
    count = 0
    for contract in selectors.due_to_take_effect():
        with alone("Contract", contract.pk):
            count += start_contract(contract=contract)
    return count


def lapse_expired_offers() -> int:
    """Close the open offers whose last day has passed; give how many."""
    count = 0
    for offer in selectors.expired_offers():
        with alone("Offer", offer.pk):
            count += lapse_offer(offer=offer)
    return count


def hand_down_missed_contracts(*, at_most: int = HANDED_DOWN_AT_MOST) -> int:
    """Have contracts in effect that were missed observed and scored; give how many. Those that fail count not toward
    `at_most`: however many they are, the ones behind them are reached.
    """
    count = 0
    for contract in selectors.contracts_to_hand_down():
        if count == at_most:
            break
        with alone("Contract", contract.pk):
            hand_down(contract=contract)
            count += 1
    return count
