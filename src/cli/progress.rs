//! The progress of an apply: a line for each thing that happened, and a bar on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Global, LogFormat};
use super::patience;
use super::screen::Screen;
use crate::cloud::Reader;
use crate::escape;
use crate::model::outcome::{Happened, Report};
use crate::mutex::Mutex;
use crate::review;

/// Shows reports as they come and keeps them.
pub struct Progress<'a> {
    screen: &'a Screen,
    format: LogFormat,
    bar: ProgressBar,
    reports: Mutex<Vec<Report>>,
}

impl<'a> Progress<'a> {
    /// For an apply of so many actions.
    pub fn new(screen: &'a Screen, format: LogFormat, actions: usize) -> Self {
        let shown = screen.watched && !screen.quiet && actions > 0;
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(actions as u64), target);
        if let Ok(style) =
            ProgressStyle::with_template("  {bar:30} {pos} of {len} actions  {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        Self {
            screen,
            format,
            bar,
            reports: Mutex::default(),
        }
    }

    /// Says on the bar what is waited for, and under `-v` in lines above it.
    pub fn show_waits(&self, reader: &Reader, global: &Global) {
        if self.bar.is_hidden() {
            return;
        }
        let (bar, screen) = (self.bar.clone(), self.screen.clone());
        let (says, format) = (!global.quiet && global.verbose > 0, global.log_format);
        reader.on_wait(move |waiting| {
            bar.set_message(escape::line(&waiting.to_string()));
            if says {
                bar.suspend(|| patience::say(waiting, &screen, format));
            }
        });
    }

    /// Shows one report.
    pub fn report(&self, report: Report) {
        match self.format {
            LogFormat::Json => {
                let line = review::json::in_a_line(&review::json::report(&report));
                self.bar.suspend(|| self.screen.say_json(&line));
            }
            LogFormat::Text if self.says(&report.what) => {
                let line = review::text::report(&report);
                self.bar.suspend(|| self.screen.tell(&line));
            }
            LogFormat::Text => {}
        }
        if ends_an_action(&report.what) {
            self.bar.inc(1);
            self.bar.set_message("");
        }
        self.reports.lock().push(report);
    }

    /// An intent is followed by its end at once; it is a line of its own for those who asked for more.
    fn says(&self, what: &Happened) -> bool {
        !matches!(what, Happened::Intended(_)) || self.screen.verbose > 0
    }

    /// Takes the bar away and gives all reports, in the order in which they came.
    pub fn finish(self) -> Vec<Report> {
        self.bar.finish_and_clear();
        self.reports.into_inner()
    }
}

const fn ends_an_action(what: &Happened) -> bool {
    match what {
        Happened::Done(..)
        | Happened::Already(..)
        | Happened::Stale(..)
        | Happened::Busy(..)
        | Happened::Refused(..)
        | Happened::NotDone(..)
        | Happened::InDoubt(..)
        | Happened::NotBegun(..) => true,
        Happened::Intended(_)
        | Happened::Besides(..)
        | Happened::Settled(..)
        | Happened::Waiting { .. }
        | Happened::Ended(_)
        | Happened::StillGoing { .. }
        | Happened::Nodes { .. }
        | Happened::OutOfSight { .. } => false,
    }
}
