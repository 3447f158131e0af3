#ifndef STEREOFARM_TESTS_E2E_GUARDED_FARM_H_
#define STEREOFARM_TESTS_E2E_GUARDED_FARM_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/programs.h"

namespace stereofarm {

// A farm on a port of this machine that asks for certificates and tokens, made with the program's
// own commands. Films lie in films().
class GuardedFarm {
 public:
  // Makes the authority and starts the coordinator.
  GuardedFarm();

  const std::string& address() const { return address_; }
  std::filesystem::path films() const { return folder_ / "films"; }
  std::filesystem::path root() const { return folder_ / "root"; }
  std::filesystem::path tls() const { return folder_ / "tls"; }
  // The folder of --tls for `name`.
  std::filesystem::path FolderOf(const std::string& name) const { return folder_ / name; }

  // `stereofarm-coordinator certs` with these words about this farm.
  Ended Certs(std::vector<std::string> words);
  // Lets `name` in.
  void Issue(const std::string& name, const std::string& role);
  // `stereofarm` with these words, speaking to this farm as `name`; as nobody if that's empty.
  Ended Ask(const std::string& name, std::vector<std::string> words);
  // The farm's audit log.
  std::vector<nlohmann::json> AuditLines() const;

 private:
  TempFolder folder_;
  std::unique_ptr<Running> coordinator_;
  std::string address_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_GUARDED_FARM_H_
