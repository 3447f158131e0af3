#include "worker/agent/agent.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "worker/agent/failure.h"

namespace stereofarm {
namespace {

constexpr int64_t kMillisecond = 1000;
constexpr int64_t kFirstBackoff = 100 * kMillisecond;
constexpr int64_t kMostBackoff = 2000 * kMillisecond;
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
constexpr int64_t kRegisterTimeout = 10000 * kMillisecond;
// No answer to a renewal within this, after the time for which it's held: ask again.
constexpr int64_t kRenewTimeout = 5000 * kMillisecond;
// Between tasks, after one failed since a disk is full or a folder is away.
constexpr int64_t kFirstStoragePause = 1000 * kMillisecond;
constexpr int64_t kMostStoragePause = 30000 * kMillisecond;

// Whether a call may succeed when it's repeated later.
bool IsPassing(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kAborted;
}

bool IsLost(const absl::Status& status) {
  return status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kNotFound;
}

// How long before a lease's end its task is stopped: time for it to finish a frame.
int64_t SafetyMargin(int64_t lease_micros) {
  return std::min<int64_t>(lease_micros / 5, 3000 * kMillisecond);
}

}  // namespace

// One task while this worker has it. Shared with the thread that runs it, which may outlive the
// agent when the worker is stopped in the middle of a frame.
struct Agent::Attempt {
  TaskLease lease;
  AttemptId id;
  std::filesystem::path store;
  int64_t started = 0;
  int64_t deadline = 0;  // of the lease, on the monotonic clock
  TaskProgress progress;
  std::atomic<bool> done{false};
  absl::StatusOr<Manifest> result = absl::UnknownError("");  // once `done`
  std::thread thread;
};

Agent::Agent(AgentOptions options, FarmClient* farm, TaskRunner runner, TaskDropper dropper,
             Clock* clock, Random* random, Bell* bell)
    : options_(std::move(options)),
      farm_(farm),
      runner_(std::move(runner)),
      dropper_(std::move(dropper)),
      clock_(clock),
      random_(random),
      bell_(bell) {}

void Agent::Stop() {
  stopping_ = true;
  farm_->InterruptLease();
  farm_->InterruptRenew();
  bell_->Ring();
}

void Agent::StopAfterTask() {
  last_task_ = true;
  farm_->InterruptLease();
  bell_->Ring();
}

absl::Status Agent::Run(const std::function<void()>& on_joined) {
  SF_RETURN_IF_ERROR(Join(options_.first_contact_micros));
  if (!stopping_) on_joined();
  const absl::Status ended = Work();
  const absl::Status left = farm_->Leave(options_.info.id);
  if (!left.ok()) SF_LOG(kWarning) << "could not take leave of the farm: " << left.message();
  return ended;
}

absl::Status Agent::Join(int64_t patience_micros) {
  Backoff backoff(kFirstBackoff, kMostBackoff, random_);
  const int64_t start = clock_->MonotonicMicros();
  while (!stopping_) {
    absl::StatusOr<Registration> joined = farm_->Register(options_.info, kRegisterTimeout);
    if (joined.ok()) {
      registration_ = *std::move(joined);
      return absl::OkStatus();
    }
    if (!IsPassing(joined.status())) return joined.status();
    const int64_t left = patience_micros - (clock_->MonotonicMicros() - start);
    if (left <= 0) return joined.status();
    bell_->Wait(std::min(backoff.Next(), left));
  }
  return absl::OkStatus();
}

absl::Status Agent::Work() {
  Backoff backoff(kFirstBackoff, kMostBackoff, random_);
  Backoff storage_pause(kFirstStoragePause, kMostStoragePause, random_);
  int64_t idle_since = clock_->MonotonicMicros();
  while (!stopping_ && !last_task_) {
    int64_t wait = options_.poll_micros;
    if (options_.exit_when_idle_micros > 0) {
      const int64_t left =
          options_.exit_when_idle_micros - (clock_->MonotonicMicros() - idle_since);
      if (left <= 0) {
        SF_LOG(kInfo) << "nothing to do any more: leaving";
        return absl::OkStatus();
      }
      wait = std::min(wait, left);
    }
    const absl::StatusOr<std::optional<TaskLease>> lease = NextTask(wait);
    if (lease.ok()) {
      backoff.Reset();
      if (!lease->has_value()) {
        if (options_.on_idle) options_.on_idle();
        continue;
      }
      storage_failed_ = false;
      SF_RETURN_IF_ERROR(RunLease(**lease));
      if (storage_failed_) {
        // The bell may still have rung for the task's end.
        int64_t left = storage_pause.Next();
        const int64_t end = clock_->MonotonicMicros() + left;
        while (left > 0 && !stopping_ && !last_task_) {
          bell_->Wait(left);
          left = end - clock_->MonotonicMicros();
        }
      } else {
        storage_pause.Reset();
      }
      idle_since = clock_->MonotonicMicros();
    } else if (stopping_ || last_task_) {
      break;
    } else if (lease.status().code() == absl::StatusCode::kNotFound) {
      SF_RETURN_IF_ERROR(Join(kForever));
      bell_->Wait(backoff.Next());
    } else if (IsPassing(lease.status())) {
      bell_->Wait(backoff.Next());
    } else {
      return lease.status();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TaskLease>> Agent::NextTask(int64_t wait_micros) {
  if (next_) return std::exchange(next_, std::nullopt);
  return farm_->Lease(options_.info.id, wait_micros);
}

absl::Status Agent::RunLease(const TaskLease& lease) {
  auto attempt = std::make_shared<Attempt>();
  attempt->lease = lease;
  attempt->id = {options_.info.id, lease.spec.job, lease.spec.task, lease.epoch, lease.lease_id};
  attempt->store = registration_.store;
  attempt->started = clock_->MonotonicMicros();
  // The answer may have been long on its way: until a renewal has said so, only half of the lease
  // is counted on.
  attempt->deadline = attempt->started + lease.lease_micros / 2;
  SF_LOG(kInfo) << "begin " << lease.spec.task << " of " << lease.spec.job << ", epoch "
                << lease.epoch;
  attempt->thread = std::thread([attempt, runner = runner_, bell = bell_, farm = farm_] {
    attempt->result = runner(attempt->lease, attempt->store, &attempt->progress);
    attempt->done = true;
    farm->InterruptRenew();
    bell->Ring();
  });
  const Ending ending = Mind(attempt.get());
  if (ending != Ending::kFinished) {
    attempt->progress.cancelled = true;
    const absl::Status ended =
        AwaitTask(attempt.get(), ending == Ending::kStopped ? options_.stop_grace_micros
                                                            : options_.stuck_grace_micros);
    if (!ended.ok()) {
      attempt->thread.detach();
      farm_->HandBack(attempt->id).IgnoreError();
      return ended;
    }
  }
  attempt->thread.join();
  if (ending == Ending::kLost) {
    SF_LOG(kWarning) << "the lease of " << lease.spec.task << " is lost: its work is dropped";
    // Files that have their manifest may be the farm's by now: it takes what it finds finished.
    if (!attempt->result.ok()) dropper_(lease);
  } else {
    Report(attempt.get());
  }
  return absl::OkStatus();
}

Agent::Ending Agent::Mind(Attempt* attempt) {
  Backoff backoff(kFirstBackoff * 5, kMostBackoff, random_);
  int64_t margin = SafetyMargin(attempt->lease.lease_micros);
  int64_t next_renewal = attempt->started;
  bool may_join_again = true;
  bool confirmed = false;
  while (!attempt->done) {
    if (stopping_) return Ending::kStopped;
    const int64_t now = clock_->MonotonicMicros();
    const int64_t last_moment = attempt->deadline - margin;
    if (now >= last_moment) return Ending::kLost;
    if (now < next_renewal) {
      bell_->Wait(std::min(next_renewal, last_moment) - now);
      continue;
    }
    const absl::StatusOr<int64_t> renewed =
        farm_->Renew(attempt->id, attempt->progress.frames_done, attempt->progress.frames_total,
                     confirmed ? registration_.renew_micros : 0,
                     std::min(registration_.renew_micros + kRenewTimeout, last_moment - now),
                     [&] { return attempt->done || stopping_; });
    if (renewed.ok()) {
      // Counted from before the call: the coordinator can't have begun to count earlier.
      attempt->deadline = now + *renewed;
      margin = SafetyMargin(*renewed);
      confirmed = true;
      next_renewal = now + registration_.renew_micros;
      backoff.Reset();
      may_join_again = true;
    } else if (absl::IsNotFound(renewed.status()) && may_join_again) {
      // A restarted coordinator has forgotten its workers, but not who had which task.
      const int64_t left = std::max<int64_t>(last_moment - clock_->MonotonicMicros(), 1);
      const absl::Status joined =
          farm_->Register(options_.info, std::min(kRenewTimeout, left)).status();
      may_join_again = !joined.ok();
      if (!joined.ok()) next_renewal = clock_->MonotonicMicros() + backoff.Next();
    } else if (IsLost(renewed.status())) {
      SF_LOG(kWarning) << "renewing: " << renewed.status().message();
      return Ending::kLost;
    } else {
      next_renewal = clock_->MonotonicMicros() + backoff.Next();
    }
  }
  return Ending::kFinished;
}

absl::Status Agent::AwaitTask(Attempt* attempt, int64_t grace_micros) {
  const int64_t start = clock_->MonotonicMicros();
  while (!attempt->done) {
    const int64_t left = grace_micros - (clock_->MonotonicMicros() - start);
    if (left <= 0) {
      return absl::DeadlineExceededError(attempt->lease.spec.task + " doesn't stop");
    }
    bell_->Wait(std::min<int64_t>(left, 1000 * kMillisecond));
  }
  return absl::OkStatus();
}

void Agent::Report(Attempt* attempt) {
  const std::string& task = attempt->lease.spec.task;
  const double seconds = static_cast<double>(clock_->MonotonicMicros() - attempt->started) / 1e6;
  if (attempt->result.ok()) {
    // From here on the files may be the farm's: whatever the answer, they stay.
    const absl::Status told = Deliver([&] {
      // One that comes although the worker ends goes back when it takes leave.
      absl::StatusOr<std::optional<TaskLease>> next = farm_->Complete(
          attempt->id, *attempt->result, seconds, /*next=*/!stopping_ && !last_task_);
      if (next.ok()) next_ = *std::move(next);
      return next.status();
    });
    if (told.ok()) {
      SF_LOG(kInfo) << absl::StrFormat("done %s in %.1f s", task, seconds);
      return;
    }
    SF_LOG(kWarning) << "the result of " << task << " wasn't taken: " << told.message();
    if (IsLost(told) || IsPassing(told)) return;
    const FailureReport report{FailureClass::kRetryable, std::string(told.message()), ""};
    Deliver([&] { return farm_->Fail(attempt->id, report); }).IgnoreError();
    return;
  }
  const absl::Status& status = attempt->result.status();
  dropper_(attempt->lease);
  if (status.code() == absl::StatusCode::kCancelled) {
    const absl::Status told = Deliver([&] { return farm_->HandBack(attempt->id); });
    SF_LOG(kInfo) << "handed " << task << " back" << (told.ok() ? "" : ", but nobody heard");
    return;
  }
  const FailureReport report = ReportOf(status);
  storage_failed_ =
      report.failure == FailureClass::kStorageAway || report.failure == FailureClass::kStorageFull;
  SF_LOG(kError) << task << " failed (" << FailureClassName(report.failure)
                 << "): " << status.message();
  Deliver([&] { return farm_->Fail(attempt->id, report); }).IgnoreError();
}

absl::Status Agent::Deliver(const std::function<absl::Status()>& call) {
  Backoff backoff(kFirstBackoff, kMostBackoff, random_);
  bool joined_again = false;
  while (true) {
    const absl::Status status = call();
    if (status.code() == absl::StatusCode::kNotFound && !joined_again && !stopping_) {
      SF_RETURN_IF_ERROR(Join(kForever));
      joined_again = true;
      continue;
    }
    if (!IsPassing(status) || stopping_) return status;
    bell_->Wait(backoff.Next());
  }
}

}  // namespace stereofarm
