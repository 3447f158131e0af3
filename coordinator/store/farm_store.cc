#include "coordinator/store/farm_store.h"

#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {

absl::StatusOr<std::unique_ptr<FarmStore>> FarmStore::Open(const std::filesystem::path& file) {
  SF_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(file));
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
      workers_(database_.get()) {}

FarmStore::~FarmStore() = default;

FarmStore::Change::Change(FarmStore* store)
    : transaction_(std::make_unique<Transaction>(store->database_.get())) {}
FarmStore::Change::~Change() = default;
const absl::Status& FarmStore::Change::begun() const { return transaction_->begun(); }
absl::Status FarmStore::Change::Commit() { return transaction_->Commit(); }

}  // namespace stereofarm
