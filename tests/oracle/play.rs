//! Plays a script, and asks the laws at every plan and after every apply.

use std::collections::BTreeMap;

use afresh::model::outcome::{Happened, Report};
use afresh::model::survey::KeyReading;
use afresh::model::time::{Span, Timestamp};
use afresh::model::verdict::{Plan, RuntimeFacts, Step};

use crate::laws;
use crate::script::{Change, Entry, Happening, Rules, Script};
use crate::stand::{Decided, Standing};
use crate::tally::{Fate, Tally};
use crate::truth::{Holder, Kind, Truth};

/// Events of the last minutes are not in the log yet.
pub const LAG: Span = Span::seconds(20 * 60);

/// One history as far as it has come.
pub struct History<'a> {
    pub script: &'a Script,
    pub rules: Rules,
    pub standing: Standing,
    pub tally: Tally,
    /// Looks at both keys of each runtime and account that the present ledger was told of.
    pub looks: BTreeMap<String, Vec<Timestamp>>,
    /// When the factory got another id.
    pub actions: Vec<Timestamp>,
    /// When the rule of a job or a one-time run changed, by rule; of all when the ledger was lost.
    pub changes: Vec<(Option<String>, Timestamp)>,
    pub ledgers_lost: Vec<Timestamp>,
    /// The last plan, and how many entries had happened by then.
    pub last: Option<(Plan, usize)>,
    pub applied: laws::applied::Seen,
    done: usize,
}

/// Plays it to its end. The error says why there is no such history.
pub fn play(script: &Script) -> Result<Tally, String> {
    let mut history = History {
        script,
        rules: script.rules.clone(),
        standing: Standing::new(script)?,
        tally: Tally::default(),
        looks: BTreeMap::new(),
        actions: Vec::new(),
        changes: Vec::new(),
        ledgers_lost: Vec::new(),
        last: None,
        applied: laws::applied::Seen::default(),
        done: 0,
    };
    for (place, entry) in script.entries.iter().enumerate() {
        history.done = place;
        history.standing.advance_to(script.instant(entry.at));
        history.happen(entry)?;
    }
    Ok(history.tally)
}

impl History<'_> {
    fn happen(&mut self, entry: &Entry) -> Result<(), String> {
        let now = self.script.instant(entry.at);
        match &entry.what {
            Happening::Outside(_) => {}
            Happening::Action(group, name) => {
                (self.rules.group, self.rules.factory) = (group.clone(), name.clone());
                self.actions.push(now);
                self.standing.rule(self.script, &self.rules)?;
            }
            Happening::Change(change) => {
                self.rules.change(change);
                self.changes
                    .push((Some(changed(change)), self.standing.now()));
                self.standing.rule(self.script, &self.rules)?;
            }
            Happening::LoseLedger => {
                self.standing.lose_ledger();
                self.looks.clear();
                self.ledgers_lost.push(self.standing.now());
                self.changes.push((None, self.standing.now()));
            }
            Happening::Compact => {
                let before = laws::births::ledger(&self.standing);
                self.standing.compact();
                let truth = self.truth();
                laws::births::narrowing(self, &before, &truth);
            }
            Happening::Plan => drop(self.plan(KeyReading::Needed)),
            Happening::PlanAtChange => laws::instants::at_change(self),
            Happening::Apply(later) => self.apply(*later),
        }
        Ok(())
    }

    /// Reading it takes the whole world apart: once for each command.
    pub fn truth(&self) -> Truth {
        Truth::of(&self.standing.world(), self.standing.now())
    }

    /// Plans, and asks the laws that speak of plans.
    pub fn plan(&mut self, keys: KeyReading) -> Decided {
        let decided = self.standing.decide(keys);
        let truth = self.truth();
        laws::births::shown(self, &decided.plan, &truth);
        laws::selection::judged(self, &decided.plan, &truth);
        laws::promises::all(self, &decided.plan, &truth);
        laws::instants::pure(self, &decided);
        laws::limits::passed(self, &decided.plan, &truth);
        laws::words::all(self, &decided.plan);
        self.last = Some((decided.plan.clone(), self.done));
        decided
    }

    /// The first instant at which something else than by other hands happens.
    fn next_own(&self) -> Option<Timestamp> {
        let rest = self.script.entries.iter().skip(self.done + 1);
        rest.filter(|entry| !matches!(entry.what, Happening::Outside(_)))
            .map(|entry| self.script.instant(entry.at))
            .next()
    }

    /// The first instant at which anything happens that the script tells.
    pub fn next_entry(&self) -> Option<Timestamp> {
        let rest = self.script.entries.get(self.done + 1);
        rest.map(|entry| self.script.instant(entry.at))
    }

    /// Plans, and applies it so many minutes later.
    pub fn apply(&mut self, later: u64) {
        let decided = self.plan(KeyReading::Recorded);
        let wanted = Span::seconds(later * 60).after(self.standing.now());
        let last = Span::seconds(1).before(decided.plan.valid_until);
        let at = wanted.min(last).min(self.next_own().unwrap_or(wanted));
        if later > 0 {
            self.standing.advance_to(at);
        }
        let before = laws::births::ledger(&self.standing);
        let reports = self.standing.apply(&decided.plan);
        let truth = self.truth();
        self.looked(&decided.plan, &reports);
        self.meet(&reports, &truth);
        laws::selection::touched(self, &reports, &truth);
        laws::births::narrowing(self, &before, &truth);
        laws::applied::all(self, &truth);
    }

    /// What the ledger was told of.
    fn looked(&mut self, plan: &Plan, reports: &[Report]) {
        for step in &plan.steps {
            let name = &step.address.subject;
            let looks = self.looks.entry(name.clone()).or_default();
            looks.extend(laws::births::facts_of(step).and_then(laws::births::seen_at));
            let done = |report: &&Report| matches!(report.what, Happened::Done(..));
            let mut done = reports.iter().filter(done);
            if done.any(|report| report.address == step.address) {
                looks.push(self.standing.now());
            }
        }
    }

    /// Counts what became of keys.
    fn meet(&mut self, reports: &[Report], truth: &Truth) {
        for report in reports {
            let Some(holder) = truth.holders.get(&report.address.subject) else {
                continue;
            };
            let fate = match report.what {
                Happened::Done(..) => Fate::Rotated,
                Happened::InDoubt(..) => Fate::Lost,
                Happened::Settled(..) => Fate::Settled,
                _ => continue,
            };
            self.tally.meet(holder.kind.sort(), fate);
        }
    }

    /// When the present ledger was first told of the keys of a runtime or an account.
    pub fn first_look(&self, name: &str) -> Option<Timestamp> {
        self.looks.get(name)?.first().copied()
    }

    /// When it got another id, until now.
    pub fn moves(&self, name: &str, holder: &Holder) -> Vec<Timestamp> {
        let now = self.standing.now();
        let mut moves: Vec<Timestamp> = match holder.kind {
            Kind::Runtime => self.actions.clone(),
            Kind::Account(_) => self.script.moves_of(name).collect(),
        };
        moves.retain(|at| *at <= now);
        moves
    }

    /// Is what is known of two keys beyond the stated limits? A regeneration in the minutes before the first look, a factory
    /// that moved or values that changed places before anybody had looked at them.
    pub fn is_beyond(&self, name: &str, holder: &Holder, at: Timestamp) -> bool {
        if holder.is_always_told() {
            return false;
        }
        let moves = self.moves(name, holder);
        let none = Vec::new();
        let looks = self.looks.get(name).unwrap_or(&none);
        let oldest = holder.slots[0].born.min(holder.slots[1].born);
        let first = looks.first().copied().unwrap_or(at);
        let makings = || holder.slots.iter().flat_map(|slot| &slot.makings);
        let late = |made: Timestamp| LAG.before(first) < made && made <= first;
        let unlogged = makings().any(|making| !making.by_afresh && late(making.at));
        let silent = makings()
            .filter(|making| making.silent || making.old_value)
            .map(|making| making.at)
            .chain(moves)
            .filter(|silent| *silent <= at);
        // A look after the last change before it, that the ledger knows.
        let unseen = |silent: Timestamp| {
            let changes = makings().map(|making| making.at);
            let last = changes.filter(|change| *change < silent).max();
            let last = last.unwrap_or(holder.created);
            !looks.iter().any(|look| last <= *look && *look < silent)
        };
        let mut hidden = silent.filter(|silent| unseen(*silent));
        let held = |born: Timestamp, until: Timestamp| {
            looks.iter().any(|look| born <= *look && *look < until)
        };
        let strange = holder.returned().any(|(born, until)| !held(born, until));
        (unlogged && oldest <= first) || hidden.any(|silent| oldest <= silent) || strange
    }

    /// Were the keys not seen until `at` since somebody put an old value back, or since the factory moved? Then nobody can know of it.
    pub fn is_unseen_at(
        &self,
        name: &str,
        holder: &Holder,
        facts: &RuntimeFacts,
        at: Timestamp,
    ) -> bool {
        let looks = self.looks.get(name).into_iter().flatten();
        let last = looks.filter(|look| **look <= at).max();
        let last = last.copied().unwrap_or(holder.created);
        let since = |instant: &Timestamp| last < *instant && *instant <= at;
        let is_elsewhere = self.moves(name, holder).iter().any(since);
        laws::births::seen_at(facts).is_none() && (is_elsewhere || holder.is_odd_between(last, at))
    }
}

/// The rule that a change is of, where it has attempts.
fn changed(change: &Change) -> String {
    match change {
        Change::AgeMax(_) | Change::UnknownAge(_) => String::new(),
        Change::JobParameters(job, _) | Change::Attempts(job, _) => format!("job-{job}"),
        Change::Content(submit, _) => format!("backfill-{submit}"),
    }
}

/// The verdict and the promise of a step, for what a breach says.
pub fn said(step: &Step) -> String {
    format!(
        "{}: promise {}, breaks at {:?}, changes at {:?}, {:?}",
        step.address,
        step.promise,
        step.breaks_at.map(|at| at.to_string()),
        step.changes_at.map(|at| at.to_string()),
        step.verdict
    )
}
