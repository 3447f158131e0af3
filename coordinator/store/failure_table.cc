#include "coordinator/store/failure_table.h"

#include <utility>

#include "coordinator/store/sqlite.h"

namespace stereofarm {

constexpr char kAddFailure[] =
    "INSERT INTO failures (job, task, epoch, lease_id, worker, worker_name, class, message,"
    " wall_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
absl::Status FailureTable::Add(const FailureRecord& failure) {
  return database_->Prepare(kAddFailure)
      .Bind(failure.attempt.job)
      .Bind(failure.attempt.task)
      .Bind(failure.attempt.epoch)
      .Bind(failure.attempt.lease_id)
      .Bind(failure.worker)
      .Bind(failure.worker_name)
      .Bind(FailureClassName(failure.failure))
      .Bind(failure.message)
      .Bind(failure.wall_micros)
      .Run();
}

constexpr char kFailuresOfTask[] =
    "SELECT epoch, lease_id, worker, worker_name, class, message, wall_micros FROM failures"
    " WHERE job = ? AND task = ? ORDER BY epoch, wall_micros";
absl::StatusOr<std::vector<FailureRecord>> FailureTable::OfTask(const std::string& job,
                                                                const std::string& task) {
  Statement query = database_->Prepare(kFailuresOfTask);
  query.Bind(job).Bind(task);
  std::vector<FailureRecord> failures;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return failures;
    FailureRecord failure;
    failure.attempt = {job, task, query.Int(0), query.Text(1)};
    failure.worker = query.Text(2);
    failure.worker_name = query.Text(3);
    SF_ASSIGN_OR_RETURN(failure.failure, ParseFailureClass(query.Text(4)));
    failure.message = query.Text(5);
    failure.wall_micros = query.Int(6);
    failures.push_back(std::move(failure));
  }
}

constexpr char kLostElsewhere[] =
    "SELECT COUNT(*) FROM failures WHERE job = ? AND task <> ? AND class = 'worker-lost'"
    " AND wall_micros >= ?";
absl::StatusOr<int64_t> FailureTable::LostElsewhere(const std::string& job, const std::string& task,
                                                    int64_t wall_micros) {
  Statement query = database_->Prepare(kLostElsewhere);
  query.Bind(job).Bind(task).Bind(wall_micros);
  SF_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

}  // namespace stereofarm
