//! Runs the actions of one step in order, and stops at the first one that is not done. Then it waits for the run that it started, if
//! that was asked for.

use super::act::Answer;
use super::ground::Ground;
use super::hand_over;
use super::hands::Hands;
use super::progress::{Next, Progress};
use super::proof::Unproved;
use super::skip::Skip;
use super::{act, before, look, nodes, proof, watch};
use crate::cloud::{ActFailure, Place};
use crate::ledger::event::{Ending, Event, Intent, Subject, Why};
use crate::ledger::{IntendError, LedgerError};
use crate::limits::REFUSAL_CHARS_MAX;
use crate::model::address::Address;
use crate::model::effect::Effect;
use crate::model::outcome::Happened;
use crate::model::promise::Attention;
use crate::model::time::{Timestamp, minute};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::NewVersion;
use crate::model::verdict::{Action, Presumed, Receipt, Settled, Step, Target, Verdict};

/// One action of one step.
#[derive(Clone, Copy)]
struct Task<'a> {
    hands: &'a Hands<'a>,
    step: &'a Step,
    target: &'a Target,
    action: &'a Action,
    effect: Effect<'a>,
}

/// Runs the actions of `step` in order, and waits for the run that they started.
pub(super) async fn walk(hands: &Hands<'_>, step: &Step) {
    let (Verdict::Act { actions, .. }, Some(target)) = (&step.verdict, &step.target) else {
        return;
    };
    let unapproved = &hands.options.unapproved;
    if unapproved.contains(&(step.address.clone(), step.rule.clone())) {
        for action in actions.iter() {
            hands.not_begun(step, action, &Skip::Unapproved);
        }
        return;
    }
    let mut turn = hands.turns.wait(step).await;
    if let Some(why) = turn.as_ref().and_then(|turn| turn.as_ref()) {
        for action in actions.iter() {
            hands.not_begun(step, action, &Skip::Nodes(why.clone()));
        }
        return;
    }
    let mut progress = Progress::default();
    let mut next = Next::Go;
    for action in repeats(step).chain(actions.iter()) {
        let Some(effect) = Effect::of(target, action) else {
            let trouble = look::misfit(action, &target.identity());
            hands.tell(step, Happened::Refused(action.clone(), trouble));
            next = Progress::after(action);
            continue;
        };
        let task = Task {
            hands,
            step,
            target,
            action,
            effect,
        };
        match next {
            Next::Go => next = task.go(&mut progress).await,
            Next::Halt => hands.not_begun(step, action, &Skip::Earlier),
        }
    }
    if let Some(why) = look_at_nodes(hands, step, target, &progress).await
        && let Some(turn) = &mut turn
    {
        **turn = Some(why);
    }
    drop(turn);
    if let Some(run) = progress.started {
        watch::to_the_end(hands, step, target, run).await;
    }
}

/// Looks at the nodes after a key was regenerated. Gives why no other key of the factory may go: what a lost answer did to them is not
/// known, either.
async fn look_at_nodes(
    hands: &Hands<'_>,
    step: &Step,
    target: &Target,
    progress: &Progress,
) -> Option<String> {
    if let Some(rotated) = progress.rotated {
        return nodes::after(hands, step, target.runtime()?, rotated).await;
    }
    let (identity, of) = (target.identity(), &step.address);
    let is_open = hands.ledger.ask(|memory| {
        let mut open = memory.doubts(&identity).iter();
        open.any(|doubt| doubt.action.regenerated().is_some())
    });
    is_open.then(|| format!("it is not known yet whether a key of {of} was regenerated"))
}

/// Actions of intents that only sending again can settle. One that the step is about to make anyway is not made twice.
fn repeats(step: &Step) -> impl Iterator<Item = &Action> {
    let Verdict::Act { actions, .. } = &step.verdict else {
        return Vec::new().into_iter();
    };
    let again = step
        .settlements
        .iter()
        .filter(|found| found.settled == Settled::Repeat)
        .map(|found| &found.action)
        .filter(|found| actions.iter().all(|action| !action.is_same_send(found)));
    again.collect::<Vec<_>>().into_iter()
}

impl Task<'_> {
    fn address(&self) -> &Address {
        &self.step.address
    }

    fn tell(&self, what: Happened) {
        self.hands.tell(self.step, what);
    }

    fn skip(&self, skip: &Skip) -> Next {
        self.hands.not_begun(self.step, self.action, skip);
        Progress::after(self.action)
    }

    /// A start of the step whose parameters cannot be had: then nothing of it is begun, not even a cancel before the start.
    fn unfilled(&self) -> Option<Trouble> {
        let job = self.target.job()?;
        let Verdict::Act { actions, .. } = &self.step.verdict else {
            return None;
        };
        let workspace = self.hands.connections.workspace(self.target).ok()?;
        let writer = &self.hands.writer;
        actions
            .iter()
            .chain([self.action])
            .filter_map(|action| action.started_with())
            .find_map(|parameters| writer.can_fill(workspace, job.job, parameters).err())
    }

    async fn go(&self, progress: &mut Progress) -> Next {
        if let Some(trouble) = self.unfilled() {
            return self.refused(trouble);
        }
        let starts = self.action.starts_a_run();
        if starts && !progress.cancelled.is_empty() {
            let ended = watch::until_ended(self.hands, self.target, &progress.cancelled).await;
            if let Err(skip) = ended {
                return self.skip(&skip);
            }
        }
        let _place = match self.place().await {
            Ok(place) => place,
            Err(trouble) => return self.refused(trouble),
        };
        if let Some(skip) = self.hands.gate(self.step) {
            return self.skip(&skip);
        }
        let _room = match self.room().await {
            Ok(room) => room,
            Err(trouble) => return self.refused(trouble),
        };
        // Room may have been a long wait.
        if let Some(skip) = self.hands.gate(self.step) {
            return self.skip(&skip);
        }
        self.look_and_act(progress).await
    }

    /// A place among the actions that are under way at the same service.
    async fn place(&self) -> Result<Place, Trouble> {
        let places = &self.hands.places;
        Ok(match self.target {
            Target::Runtime(target) => {
                places
                    .enter(self.hands.connections.key_connection(&target.connection)?)
                    .await
            }
            Target::Job(_) | Target::Submission(_) => {
                places
                    .enter(self.hands.connections.workspace(self.target)?)
                    .await
            }
        })
    }

    /// What must not be sent late is not begun before there is room for it, and keeps that room to its end.
    async fn room(&self) -> Result<Option<Place>, Trouble> {
        match self.effect {
            Effect::Regenerate { target, .. } => {
                let connection = self.hands.connections.keys_of(target)?;
                self.hands.writer.room(connection, &target.id).await
            }
            Effect::HandOver { to, .. } => match to.secret() {
                Some((vault, secret)) => {
                    let vault = self.hands.connections.vault(vault)?;
                    self.hands.writer.room_in_vault(vault, secret).await
                }
                None => Ok(None),
            },
            Effect::Start { .. } | Effect::Submit { .. } | Effect::Cancel { .. } => Ok(None),
        }
    }

    /// It was not begun: the service did not want it, or there was no time left to ask.
    fn refused(&self, trouble: Trouble) -> Next {
        if trouble.kind == TroubleKind::TimeOver {
            return self.skip(&Skip::TimeOver);
        }
        self.tell(Happened::Refused(self.action.clone(), trouble));
        Progress::after(self.action)
    }

    async fn look_and_act(&self, progress: &mut Progress) -> Next {
        let ground = look::again(self.hands, self.step, self.effect, self.action, progress);
        match ground.await {
            Ok(Ground::Firm {
                action,
                at,
                news,
                version,
            }) => {
                // The look may have been a long wait.
                if let Some(skip) = self.hands.gate(self.step) {
                    return self.skip(&skip);
                }
                let seen = (at, version.map(|version| *version));
                let receipt = self.act(&action, seen, news).await;
                progress.took(&action, receipt.as_ref())
            }
            Ok(Ground::Already { at }) => {
                let receipt = already(self.action, at);
                if let Some(receipt) = &receipt {
                    self.tell(Happened::Already(self.action.clone(), receipt.clone()));
                }
                progress.took(self.action, receipt.as_ref())
            }
            Ok(Ground::Gone(why)) => {
                if let Some(receipt) = self.done_before() {
                    self.tell(Happened::Already(self.action.clone(), receipt.clone()));
                    return progress.took(self.action, Some(&receipt));
                }
                self.tell(Happened::Stale(self.action.clone(), why));
                Progress::after(self.action)
            }
            Err(trouble) => self.refused(trouble),
        }
    }

    /// What an apply left behind that did this since the plan was made.
    fn done_before(&self) -> Option<Receipt> {
        let (identity, plan) = (self.target.identity(), self.hands.plan);
        self.hands
            .ledger
            .ask(|memory| before::done(memory, &identity, (self.step, plan.at), self.action))
    }

    /// Intend, act, settle. `None`: it was not done, and that is said.
    async fn act(
        &self,
        action: &Action,
        (looked, version): (Timestamp, Option<NewVersion>),
        news: Vec<Event>,
    ) -> Option<Receipt> {
        let (intent, act_by) = self.intend(action, looked, news).await?;
        if self.hands.clock.now() >= act_by {
            return self.overslept(intent).await;
        }
        self.tell(Happened::Intended(action.clone()));
        // The look may have found out which key it is.
        let effect = Effect::of(self.target, action).unwrap_or(self.effect);
        match act::send(self.hands, self.step, effect, (looked, version), act_by).await {
            Ok(answer) => self.answered(action, intent, answer, looked).await,
            Err(ActFailure::Refused(trouble)) => {
                // Unsettled, it would only be settled later by evidence.
                let _ = self.settle(intent, Ending::NotDone(why(&trouble))).await;
                if trouble.kind == TroubleKind::TimeOver {
                    self.hands.interrupted();
                }
                self.tell(Happened::Refused(action.clone(), trouble));
                None
            }
            Err(ActFailure::Lost(trouble)) => {
                self.tell(Happened::InDoubt(action.clone(), trouble.to_string()));
                None
            }
        }
    }

    /// The intent's number, and until when by our own clock its request may be under way, once it is in the ledger. Sending a stored token again is an intent of its own, which
    /// takes the place of the old one.
    async fn intend(
        &self,
        action: &Action,
        looked: Timestamp,
        news: Vec<Event>,
    ) -> Option<(String, Timestamp)> {
        let now = self.hands.clock.now();
        let lifetime = self.hands.connections.request_lifetime(self.target);
        let command = self
            .target
            .runtime()
            .and_then(|target| hand_over::command_timeout(self.step, target, action));
        let under_way = act::under_way(action, lifetime, command);
        let at = now.max(looked);
        let act_by = under_way.after(at);
        let intent = Intent {
            intent: self.hands.next_intent(),
            apply: self.hands.options.apply_id.clone(),
            by: self.hands.options.by.clone(),
            subject: self.subject(),
            action: action.clone(),
            rule: self.rule(action),
            seen: seen(action, looked),
            at,
            act_by,
        };
        let number = intent.intent.clone();
        let ledger = self.hands.ledger;
        let news = ledger.record(news);
        let (seen, intended) =
            futures_util::future::join(news, ledger.intend(intent, self.hands.plan.at)).await;
        match seen.map_err(IntendError::Ledger).and(intended) {
            // By our own clock: one that is behind must not stretch the time that others read in the ledger.
            Ok(()) => Some((number, under_way.after(now))),
            Err(error) => {
                self.not_intended(action, error);
                None
            }
        }
    }

    fn not_intended(&self, action: &Action, error: IntendError) {
        match error {
            IntendError::Busy(doubt) => {
                let by = doubt.by.as_ref().map(|by| format!(" ({by})"));
                let why = format!(
                    "apply {}{} began to {} at {} and may still be running until {}",
                    doubt.apply.get(..8).unwrap_or(&doubt.apply),
                    by.unwrap_or_default(),
                    doubt.action.title(self.target.key_service()),
                    minute(doubt.at),
                    minute(doubt.act_by)
                );
                self.tell(Happened::Busy(action.clone(), why));
            }
            IntendError::Moved(why) => self.tell(Happened::Stale(action.clone(), why)),
            IntendError::Ledger(error) => {
                self.skip(&Skip::NoLedger(error.to_string()));
            }
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            identity: self.target.identity(),
            address: self.address().clone(),
        }
    }

    /// The rule that a start is an attempt for.
    fn rule(&self, action: &Action) -> Option<String> {
        action.started_with()?;
        self.step.facts.job().map(|facts| facts.rule.clone())
    }

    async fn settle(&self, intent: String, how: Ending) -> Result<(), LedgerError> {
        let at = self.hands.clock.now();
        let settled = Event::Settled { intent, how, at };
        self.hands.ledger.record(vec![settled]).await
    }

    async fn overslept(&self, intent: String) -> Option<Receipt> {
        // Nothing was sent. If this cannot be written, the next run finds the same by evidence.
        let _ = self.settle(intent, Ending::NotDone(Why::Proved)).await;
        self.skip(&Skip::Overslept);
        None
    }

    /// Was it? Then that is written down and told. `None`: it was not, or nobody knows.
    async fn answered(
        &self,
        action: &Action,
        intent: String,
        answer: Answer,
        looked: Timestamp,
    ) -> Option<Receipt> {
        let proved = proof::of_key(self.hands, self.target, action, answer);
        let answer = match proved.await {
            Ok(answer) => answer,
            Err(Unproved::NotDone(why)) => {
                let _ = self.settle(intent, Ending::NotDone(Why::Proved)).await;
                self.tell(Happened::NotDone(action.clone(), why));
                return None;
            }
            Err(Unproved::Doubt(why)) => {
                self.tell(Happened::InDoubt(action.clone(), why));
                return None;
            }
        };
        self.done(action, intent, answer, looked).await
    }

    async fn done(
        &self,
        action: &Action,
        intent: String,
        answer: Answer,
        looked: Timestamp,
    ) -> Option<Receipt> {
        let receipt = &answer.receipt;
        let known = proof::known_before(self.hands, self.step, action, receipt);
        // Also of a run that is no new one: the next attempt then takes another token.
        if let Err(error) = self.settle(intent, Ending::Done(receipt.clone())).await {
            let why = format!("it was done, but that could not be written down: {error}");
            self.tell(Happened::InDoubt(action.clone(), why));
            return None;
        }
        let not_started = match known {
            Some(why) => Some(why),
            None => self.has_not_begun(receipt, looked).await,
        };
        if let Some(why) = not_started {
            let is_awaited = watch::is_awaited(self.hands, self.step);
            self.hands.not_started(self.step, action, why, is_awaited);
            return None;
        }
        self.tell(Happened::Done(action.clone(), receipt.clone()));
        let beside = proof::beside(self.hands, self.step, self.target, action, &answer);
        if let Some((said, news)) = beside.await {
            // What is not written down here, the next look writes down.
            let _ = self.hands.ledger.record(news.into_iter().collect()).await;
            self.tell(Happened::Besides(action.clone(), said));
        }
        Some(answer.receipt)
    }

    /// A token returns its first run, also one that ended long ago, and a run that was accepted may be skipped.
    async fn has_not_begun(&self, receipt: &Receipt, looked: Timestamp) -> Option<String> {
        let Receipt::Started { run, .. } = receipt else {
            return None;
        };
        let workspace = self.hands.connections.workspace(self.target).ok()?;
        let seen = self.hands.reader.run(workspace, *run).await.ok()?.said;
        proof::has_begun(&seen, looked).err()
    }
}

/// When the keys were seen that a regenerate names.
fn seen(action: &Action, looked: Timestamp) -> Option<Timestamp> {
    action.regenerated().map(|_| looked)
}

/// What the next plan is to know of a refusal: nothing of one that has to do with the moment alone.
fn why(trouble: &Trouble) -> Why {
    match trouble.kind {
        TroubleKind::Throttled
        | TroubleKind::TimeOver
        | TroubleKind::Unwanted
        | TroubleKind::Unreachable => Why::Proved,
        TroubleKind::Forbidden { .. }
        | TroubleKind::Unauthenticated
        | TroubleKind::SignedOut
        | TroubleKind::Blocked
        | TroubleKind::NotFound
        | TroubleKind::Unexpected
        | TroubleKind::Misfit => Why::Refused {
            why: trouble
                .to_string()
                .chars()
                .take(REFUSAL_CHARS_MAX)
                .collect(),
            is_access: trouble.kind.attention() == Some(Attention::Access),
        },
    }
}

/// What others did in our place.
fn already(action: &Action, at: Timestamp) -> Option<Receipt> {
    if let Some((to, slot, Presumed::Key(key))) = action.handed_over() {
        return Some(Receipt::HandedOver {
            to: to.clone(),
            slot,
            fingerprint: key.clone(),
            answered: at,
        });
    }
    let run = action.cancelled()?;
    Some(Receipt::Cancelled { run, answered: at })
}
