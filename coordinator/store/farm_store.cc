#include "coordinator/store/farm_store.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {

namespace {

absl::Status WithWayOut(const absl::Status& status, const std::filesystem::path& file) {
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  return absl::DataLossError(absl::StrFormat(
      "%s; run stereofarm-coordinator doctor --repair --root %s", std::string(status.message()),
      file.has_parent_path() ? file.parent_path().string() : "."));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FarmStore>> FarmStore::Open(
    const std::filesystem::path& file, std::function<absl::Status(const char* sql)> gate) {
  absl::StatusOr<std::unique_ptr<Database>> opened = Database::Open(file);
  if (!opened.ok()) return WithWayOut(opened.status(), file);
  std::unique_ptr<Database> database = *std::move(opened);
  database->SetGate(std::move(gate));
  SF_ASSIGN_OR_RETURN(const std::vector<std::string> damage, database->FindDamage(1));
  if (!damage.empty()) {
    return WithWayOut(absl::DataLossError(absl::StrFormat("the database %s is damaged (%s)",
                                                          file.string(), damage.front())),
                      file);
  }
  if (absl::Status status = Migrate(database.get()); !status.ok()) {
    return Annotate(status, file.string());
  }
  return std::unique_ptr<FarmStore>(new FarmStore(std::move(database)));
}

FarmStore::FarmStore(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      jobs_(database_.get()),
      shots_(database_.get()),
      tasks_(database_.get()),
      failures_(database_.get()),
      workers_(database_.get()),
      stuck_(database_.get()) {}

FarmStore::~FarmStore() = default;

absl::Status FarmStore::Checkpoint() { return database_->Checkpoint(); }

FarmStore::Change::Change(FarmStore* store)
    : store_(store), transaction_(std::make_unique<Transaction>(store->database_.get())) {}

FarmStore::Change::~Change() {
  if (committed_) return;
  store_->jobs_.Forget();
  store_->tasks_.Forget();
}

FarmStore::View::View(FarmStore* store)
    : transaction_(std::make_unique<Transaction>(store->database_.get(), Transaction::kReads)) {}

FarmStore::View::~View() { transaction_->Commit().IgnoreError(); }  // nothing was written

const absl::Status& FarmStore::Change::begun() const { return transaction_->begun(); }

absl::Status FarmStore::Change::Commit() {
  SF_RETURN_IF_ERROR(store_->jobs_.WriteCounts());
  SF_RETURN_IF_ERROR(transaction_->Commit());
  committed_ = true;
  return absl::OkStatus();
}

}  // namespace stereofarm
