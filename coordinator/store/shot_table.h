#ifndef STEREOFARM_COORDINATOR_STORE_SHOT_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_SHOT_TABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// The shots of a job's plan, their shards and seams. Not thread-safe.
class ShotTable {
 public:
  explicit ShotTable(Database* database) : database_(database) {}

  absl::Status Insert(const std::string& job, const ShotRecord& shot,
                      const std::vector<Shard>& shards);
  absl::Status Update(const std::string& job, const ShotRecord& shot);
  // Shards and seams go with their shots.
  absl::Status RemoveAll(const std::string& job);
  absl::StatusOr<std::optional<ShotRecord>> Get(const std::string& job, int64_t begin);
  // The last one that begins before `begin`.
  absl::StatusOr<std::optional<ShotRecord>> Before(const std::string& job, int64_t begin);
  absl::StatusOr<std::vector<ShotRecord>> All(const std::string& job);
  // True when no shot of the job is in another state.
  absl::StatusOr<bool> AllReconciled(const std::string& job);

  // Of one shot, ascending; the second: those whose cores begin in `within`.
  absl::StatusOr<std::vector<ShardRecord>> Shards(const std::string& job, const FrameRange& shot) {
    return Shards(job, shot, shot);
  }
  absl::StatusOr<std::vector<ShardRecord>> Shards(const std::string& job, const FrameRange& shot,
                                                  const FrameRange& within);
  // Alignment and full range.
  absl::Status UpdateShard(const std::string& job, const ShardRecord& shard);

  // Puts `seams` in place of all that the shot had.
  absl::Status SetSeams(const std::string& job, int64_t shot_begin,
                        const std::vector<SeamRecord>& seams);
  absl::StatusOr<std::vector<SeamRecord>> Seams(const std::string& job);

 private:
  Database* database_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_SHOT_TABLE_H_
