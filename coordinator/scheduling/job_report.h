#ifndef STEREOFARM_COORDINATOR_SCHEDULING_JOB_REPORT_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_JOB_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/scheduling/cut_eases.h"
#include "coordinator/scheduling/lease_book.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

// What people see of a job.

struct StageReport {
  std::string stage;
  int64_t frames_done = 0;
  int64_t frames_total = 0;
  int tasks_running = 0;
};

struct TaskCountReport {
  int total = 0;
  int waiting = 0;
  int ready = 0;
  int leased = 0;
  int done = 0;
  int failed = 0;
  int run = 0;
  int reused = 0;
};

struct JobReport {
  JobRecord job;
  double seconds = 0;
  std::vector<StageReport> stages;
  TaskCountReport tasks;
  std::vector<ShotRecord> shots;
  std::vector<ShardRecord> shards;  // of all shots, in film order
  std::vector<SeamRecord> seams;
  std::vector<CutReport> cuts;  // between shots that are reconciled
  std::vector<std::string> remarks;
  std::string hold;  // why none of its tasks is handed out; empty: nothing is in the way
  std::vector<TaskRecord> missing;  // put aside, in film order; at most kMostMissing
};

inline constexpr int kMostMissing = 1000;

struct WorkerReport {
  WorkerRecord worker;
  std::string state;  // v1::WorkerStatus lists them
  std::string job;
  std::string task;
};

// `index_share`, `assembly_share`: how far the background work is, 0..1. `detail`: with shots,
// shards and seams.
absl::StatusOr<JobReport> ReportJob(FarmStore* store, const LeaseBook& leases, const JobRecord& job,
                                    double index_share, double assembly_share,
                                    int64_t now_wall_micros, bool detail);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_JOB_REPORT_H_
