// JobEngine: what nobody asks for. The disks are watched, and what is stuck is woken.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/legal_moves.h"

namespace stereofarm {
namespace {

constexpr int64_t kDiskLookMicros = 500'000;
constexpr int64_t kRepairMicros = 10'000'000;
constexpr int64_t kCheckpointMicros = 60'000'000;
// Shards whose depth goes at once when room is short.
constexpr int kMostDropped = 64;
constexpr int64_t kLongestPauseMicros = 600'000'000;

}  // namespace

void JobEngine::Care() {
  const int64_t now = parts_.clock->MonotonicMicros();
  if (now >= next_disk_look_) {
    next_disk_look_ = now + kDiskLookMicros;
    // What a full disk kept from being written at the start is tried again, before tasks are handed
    // out.
    MarkStore().IgnoreError();
    LookAtDisks();
    if (parts_.disks != nullptr && parts_.disks->is_short() && now >= next_drop_) {
      const absl::StatusOr<int> dropped = DropFinishedDepth();
      if (!dropped.ok()) {
        SF_LOG(kError) << "cannot make room: " << dropped.status().message();
      }
      // Nothing to drop, or no way to: not at every look.
      if (dropped.value_or(0) == 0) next_drop_ = now + kRepairMicros;
    }
  }
  bool repair = false;
  {
    absl::MutexLock lock(&mutex_);
    // Nobody can report, and no end of a lease be written, while the disk is full.
    if (!disk_hold_.empty()) {
      for (const HeldLease& lease : leases_.All()) {
        HeldLease* held = leases_.Find(lease.attempt);
        held->deadline_micros = std::max(held->deadline_micros, now + options_.lease_micros);
        held->progress_micros = now;
      }
    }
    if (now >= next_checkpoint_) {
      next_checkpoint_ = now + kCheckpointMicros;
      if (absl::Status status = store_->Checkpoint(); !status.ok()) {
        SF_LOG(kWarning) << "cannot empty the database's log: " << status.message();
      }
    }
    repair = now >= next_repair_;
    if (repair) next_repair_ = now + kRepairMicros;
  }
  if (!repair) return;
  if (absl::Status status = RepairStuck(); !status.ok()) {
    SF_LOG(kError) << "cannot look for what is stuck: " << status.message();
  }
}

void JobEngine::LookAtDisks() {
  if (parts_.disks == nullptr) return;
  // Without the lock: a disk that's far away may take its time.
  std::string hold = parts_.disks->Look();
  News news;
  {
    absl::MutexLock lock(&mutex_);
    if (hold.empty() != disk_hold_.empty()) {
      ++changes_;
      if (hold.empty()) {
        SF_LOG(kInfo) << "the disks have room again";
        desk_.NoteReady();
      } else {
        SF_LOG(kWarning) << "no task is handed out: " << hold;
      }
    }
    disk_hold_ = std::move(hold);
    news = TakeNews();
  }
  Tell(news);
}

absl::StatusOr<int> JobEngine::DropFinishedDepth() {
  int dropped = 0;
  SF_RETURN_IF_ERROR(Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs,
                        store_->jobs().WithState(JobState::kRunning));
    for (const JobRecord& job : jobs) {
      SF_ASSIGN_OR_RETURN(const int more, flow_.DropFinishedDepth(job, kMostDropped));
      if (more == 0) continue;
      dropped += more;
      SF_LOG(kInfo) << "job " << job.id << ": the depth of " << more
                    << " finished shards goes, since a disk is nearly full";
      SF_RETURN_IF_ERROR(store_->jobs().SetRemarks(
          job.id, {"depth of finished shots was removed to make room: a change of this job's "
                   "settings makes it again"}));
    }
    return absl::OkStatus();
  }));
  return dropped;
}

absl::Status JobEngine::RepairStuck() {
  const int64_t now = parts_.clock->MonotonicMicros();
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(RepairLeases());
    const auto is_at_work = [&](const Chore& chore) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return at_work_.contains({chore.kind, chore.job, chore.shot_begin});
    };
    for (const JobState state : {JobState::kQueued, JobState::kRunning, JobState::kAssembling}) {
      SF_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs, store_->jobs().WithState(state));
      for (const JobRecord& job : jobs) {
        if (!IsSetAside(job) && runs_[job.id].retry_at <= now)
          SF_RETURN_IF_ERROR(flow_.Repair(job, is_at_work));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status JobEngine::RepairLeases() {
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> rows, store_->tasks().Leased());
  std::set<std::pair<std::string, std::string>> leased;
  bool missing = false;
  for (const TaskRecord& row : rows) {
    leased.insert({row.job, row.name});
    missing |= leases_.Find({row.job, row.name, row.epoch, row.lease_id}) == nullptr;
  }
  const std::vector<HeldLease> held = leases_.All();
  const bool extra = std::any_of(held.begin(), held.end(), [&](const HeldLease& lease) {
    return !leased.contains({lease.attempt.job, lease.attempt.task});
  });
  if (!missing && !extra) return absl::OkStatus();
  SF_LOG(kWarning) << "the book of leases differed from the database: it's read again";
  ReloadLeases();
  return absl::OkStatus();
}

bool JobEngine::PutOff(const std::string& job, int64_t generation, const absl::Status& status) {
  if (!absl::IsResourceExhausted(status) && !absl::IsUnavailable(status)) return false;
  absl::MutexLock lock(&mutex_);
  JobRun& run = runs_[job];
  if (run.generation != generation) return true;
  run.retry_pause = std::clamp(2 * run.retry_pause, kRepairMicros, kLongestPauseMicros);
  run.retry_at = parts_.clock->MonotonicMicros() + run.retry_pause;
  run.put_off = std::string(status.message());
  ++changes_;
  SF_LOG(kWarning) << "job " << job << ": " << status.message() << "; tried again in "
                   << run.retry_pause / 1'000'000 << " s";
  return true;
}

std::string JobEngine::DiskHoldOf(const JobRecord& job) {
  if (!IsUnfinished(job.state)) return "";
  return runs_[job.id].put_off.empty() ? disk_hold_ : runs_[job.id].put_off;
}

}  // namespace stereofarm
