#ifndef STEREOFARM_TESTS_UNIT_COORDINATOR_GUARDED_SERVER_H_
#define STEREOFARM_TESTS_UNIT_COORDINATOR_GUARDED_SERVER_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/certs/credentials.h"
#include "coordinator/certs/certificate_folder.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/service/audit_log.h"
#include "coordinator/service/farm_server.h"
#include "grpcpp/channel.h"
#include "nlohmann/json.hpp"
#include "proto/farm.grpc.pb.h"
#include "proto/files.grpc.pb.h"
#include "proto/jobs.grpc.pb.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/coordinator/fake_films.h"

namespace stereofarm {

// Both services over TLS on a port of this machine, on fake films, with an audit log. "ann" and
// "ben" may submit, "olga" operates, "node7" works.
class GuardedServer {
 public:
  GuardedServer();
  ~GuardedServer();

  std::filesystem::path root() const { return root_; }
  const std::string& address() const { return server_->address(); }
  CertificateFolder& certificates() { return certificates_; }
  AuditLog& audit() { return *audit_; }
  JobEngine& engine() { return *engine_; }
  FarmStore& store() { return *store_; }
  // Of the coordinator's look at certificates.
  SimulatedClock& clock() { return clock_; }
  // The folder that was issued to `name`.
  std::filesystem::path FolderOf(const std::string& name) const { return root_ / "who" / name; }
  Credentials CredentialsOf(const std::string& name) const;

  // A channel of its own with these credentials; `token` empty: calls carry none.
  std::shared_ptr<grpc::Channel> Connect(const Credentials& credentials) const;
  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& name) const {
    return Connect(CredentialsOf(name));
  }

  JobSettings Settings() const;
  grpc::Status Submit(const std::shared_ptr<grpc::Channel>& channel, const JobSettings& settings,
                      std::string* job = nullptr) const;
  // Listing jobs: what people may do.
  grpc::Status List(const std::shared_ptr<grpc::Channel>& channel) const;
  // Everything that the database holds, to see that nothing changed.
  std::string Everything() const;
  std::vector<nlohmann::json> AuditLines() const;

 private:
  TempFolder folder_;
  const std::filesystem::path root_ = folder_.path();
  SimulatedClock clock_;
  CertificateFolder certificates_;
  FakeFilms films_;
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<BackgroundThreads> background_;
  std::unique_ptr<JobEngine> engine_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<FarmServer> server_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_COORDINATOR_GUARDED_SERVER_H_
