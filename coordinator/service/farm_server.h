#ifndef STEREOFARM_COORDINATOR_SERVICE_FARM_SERVER_H_
#define STEREOFARM_COORDINATOR_SERVICE_FARM_SERVER_H_

#include <memory>
#include <string>

#include "common/base/status.h"
#include "coordinator/certs/certificate_folder.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/service/audit_log.h"
#include "coordinator/service/farm_service.h"
#include "coordinator/service/files_service.h"
#include "coordinator/service/held_renewals.h"
#include "coordinator/service/jobs_service.h"
#include "coordinator/service/lease_waiters.h"
#include "coordinator/service/listen_address.h"
#include "grpcpp/server.h"

namespace stereofarm {

// Who may come in, and what is written down of it. Both outlive the server.
struct FarmDoor {
  const CertificateFolder* certificates = nullptr;  // none: no TLS, everybody may do everything
  AuditLog* audit = nullptr;                        // none: nothing is written down
};

// The engine's door: its services on one address.
class FarmServer {
 public:
  // Serves until Stop or the destructor. Takes the engine's OnWorkReady. Unavailable when the
  // address can't be had, InvalidArgument when the certificates are no good.
  static absl::StatusOr<std::unique_ptr<FarmServer>> Start(JobEngine* engine,
                                                           const ListenAddress& listen,
                                                           const FarmDoor& door = {});
  ~FarmServer();

  // As clients name it: "unix:/..." or "127.0.0.1:50051".
  const std::string& address() const { return address_; }
  // Ends streams and waiting calls and waits for the others.
  void Stop();

 private:
  FarmServer(JobEngine* engine, const FarmDoor& door);

  JobEngine* const engine_;
  std::string address_;
  // Shared with the engine's call-backs.
  std::shared_ptr<LeaseWaiters> waiters_;
  std::shared_ptr<HeldRenewals> renewals_;
  FarmService farm_;
  JobsService jobs_;
  FilesService files_;
  std::unique_ptr<grpc::Server> server_;
  bool stopped_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_FARM_SERVER_H_
