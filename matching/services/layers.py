"""Learn from the answers of the whole exchange: propose a linear layer, promote it by the rule, withdraw it."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from marketplace.kit.single import single
from marketplace.kit.validators import plain_text
from matching import answers, policies, selectors
from matching import layer as linear
from matching.answers import Answers, Terms
from matching.models import Layer
from search import vectors


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of a look at the answers: a layer, or the codes of the rules that say why nothing was learned."""

    answers: Answers
    layer: Layer | None = None
    lacks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the answers would give: weights, and their replay against the layer in use (None: against none)."""

    weights: linear.Weights
    replay: linear.Replay
    against: Layer | None


def learn_from_answers(*, actor: User | None = None) -> Lesson | None:
    """Propose a layer from the answers of the exchange, and promote or refuse it as its replay says.

    Nothing is learned below the numbers of `match.learn.…`, nor before the answers have grown by `match.learn.growth`
    since the last layer: many looks at the same answers would find a gain by chance. After a withdrawal the least number
    of answers must have come anew. Gives None while another worker learns.
    """
    if actor is not None:
        require(policies.can_keep_layer(actor))
    with single("matching.learn") as mine:
        if not mine:
            return None
        found, by = answers.collect(), answers.terms()
        lacks = lacking(found, by)
        if lacks:
            return Lesson(found, lacks=lacks)
        trial = try_out(found, by)
        with transaction.atomic():  # a layer that nobody decided on would keep the next one from being learned
            layer = _propose_layer(trial, found=found, by=by, actor=actor)
            decide = promote_layer if layer.replay["promote"] else _refuse_layer
            return Lesson(found, decide(layer=layer, actor=actor))


def lacking(found: Answers, by: Terms) -> list[str]:
    """Name the rules that keep these answers from being learned from now; empty when nothing does."""
    return found.lacks(by) or _too_few_new(found, by)


def try_out(found: Answers, by: Terms) -> Trial:
    """Fit a layer and replay it against the present scoring on demands that it has not seen; stores nothing."""
    serving = selectors.layer_in_use()
    against = linear.Weights.read(serving.model) if serving else None
    weights = linear.fit(found.rows, slope=by.place_slope)
    return Trial(weights, linear.replay(found.rows, slope=by.place_slope, serving=against), serving)


def _too_few_new(found: Answers, by: Terms) -> list[str]:
    withdrawn = selectors.last_withdrawal()
    if withdrawn is not None and sum(at > withdrawn for at in found.taken_at) < by.taken:
        return ["match.learn.taken"]
    last = selectors.last_layer()
    same = last is not None and last.version == linear.VERSION and last.space == vectors.serving()[0]
    if last is not None and same and found.taken < last.taken * (1 + by.growth):
        return ["match.learn.growth"]
    return []


def _propose_layer(trial: Trial, *, found: Answers, by: Terms, actor: User | None) -> Layer:
    layer = Layer.objects.create(
        version=linear.VERSION,
        space=vectors.serving()[0],
        model=trial.weights.as_dict(),
        place_slope=by.place_slope,
        taken=found.taken,
        shown=len(found.rows),
        demands=found.demands,
        organisations=found.organisations,
        replay=trial.replay.as_dict(),
        compared_with=trial.against,
        proposed_by=actor,
    )
    data = {"taken": layer.taken, "demands": layer.demands, "organisations": layer.organisations, **layer.replay}
    record(tag="layer.propose", subject=layer, actor=actor, data=data)
    return layer


def _locked(layer: Layer) -> Layer:
    """Lock a layer; whoever changes which one serves waits for the others here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('matching.layer', 11))")
    return Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)


@transaction.atomic
def promote_layer(*, layer: Layer, actor: User | None) -> Layer:
    """Let a layer serve in place of the one it was compared with. The sweep then matches every demand again.

    Raises Conflict when its replay does not promote it, or when another one serves than it was compared with.
    """
    layer = _locked(layer)
    if not layer.replay["promote"]:
        raise Conflict(_("Its replay does not show that it helps."))
    serving = selectors.serving_layer()
    if selectors.layer_in_use() != layer.compared_with:
        raise Conflict(_("Another one serves now than it was compared with: learn again."))
    now = timezone.now()
    if serving is not None:
        serving = Layer.objects.select_for_update(of=("self",)).get(pk=serving.pk)
        move(serving, "succeed", actor=actor, ended_at=now)
    move(layer, "promote", actor=actor, decided_at=now, decided_by=actor)
    return layer


@transaction.atomic
def _refuse_layer(*, layer: Layer, actor: User | None) -> Layer:
    layer = _locked(layer)
    move(layer, "refuse", actor=actor, decided_at=timezone.now(), decided_by=actor)
    return layer


@transaction.atomic
def withdraw_layer(*, layer: Layer, actor: User, reason: str) -> Layer:
    """Stop a serving layer: nothing serves in its place, and the sweep matches every demand again without it."""
    require(policies.can_keep_layer(actor))
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": [_("Say why.")]})
    MaxLengthValidator(Layer._meta.get_field("note").max_length)(reason)
    plain_text(reason)
    layer = _locked(layer)
    move(layer, "withdraw", actor=actor, ended_at=timezone.now(), note=reason)
    return layer
