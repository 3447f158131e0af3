#include "coordinator/service/farm_server.h"

#include <unistd.h>

#include <chrono>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "coordinator/service/audit_interceptor.h"
#include "coordinator/service/gatekeeper.h"
#include "grpc/support/log.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "proto/request_limits.h"

namespace stereofarm {
namespace {

// What one machine's worker processes may ask at once over one connection.
constexpr int kMostCallsAConnection = 1024;
// Calls that hold a thread: watchers, transfers, reports. More are told RESOURCE_EXHAUSTED.
constexpr int kMostThreads = 512;
// For what connections hold in memory; they are slowed down beyond it.
constexpr size_t kMostMemory = size_t{1} << 30;
// A silent peer is asked whether it's there, and dropped when it doesn't answer; a connection
// without calls ends.
constexpr int kAskSilentAfterMs = 30'000;
constexpr int kAnswerWithinMs = 20'000;
constexpr int kEndIdleAfterMs = 30 * 60'000;
// Of one call that sends, before its bytes are taken.
constexpr int kMostOnItsWay = 4 << 20;
constexpr std::chrono::milliseconds kStopGrace{300};

// Connections that come to nothing, a certificate that isn't taken among them, show in the log.
void LogOfLibrary(gpr_log_func_args* entry) {
  if (entry->severity < GPR_LOG_SEVERITY_ERROR) return;
  SF_LOG(kWarning) << "connections: " << entry->message;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(const FarmDoor& door) {
  if (door.certificates == nullptr) return grpc::InsecureServerCredentials();
  SF_ASSIGN_OR_RETURN(const ServerCertificates certificates, door.certificates->ForServing());
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = certificates.authority;
  options.pem_key_cert_pairs.push_back({certificates.own.key, certificates.own.certificate});
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::SslServerCredentials(options);
  credentials->SetAuthMetadataProcessor(
      std::make_shared<Gatekeeper>(door.certificates, door.audit));
  return credentials;
}

}  // namespace

FarmServer::FarmServer(JobEngine* engine, const FarmDoor& door)
    : engine_(engine),
      waiters_(std::make_shared<LeaseWaiters>(engine)),
      renewals_(std::make_shared<HeldRenewals>()),
      farm_(engine, waiters_.get(), renewals_.get(), door.certificates),
      jobs_(engine, door.audit),
      files_(engine) {}

absl::StatusOr<std::unique_ptr<FarmServer>> FarmServer::Start(JobEngine* engine,
                                                              const ListenAddress& listen,
                                                              const FarmDoor& door) {
  SF_ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(door));
  gpr_set_log_function(LogOfLibrary);
  std::unique_ptr<FarmServer> server(new FarmServer(engine, door));
  const bool is_unix = !listen.unix_path.empty();
  const std::string target =
      is_unix ? "unix:" + listen.unix_path : absl::StrFormat("%s:%d", listen.host, listen.port);
  grpc::ServerBuilder builder;
  // The library knows one limit for all calls; each call's own is checked with its fields.
  builder.SetMaxReceiveMessageSize(static_cast<int>(MostBytesOfAnyRequest()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostCallsAConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kAskSilentAfterMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kAnswerWithinMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kEndIdleAfterMs);
  // Measuring the way to each caller costs a ping for nearly every report; this much on its way at
  // once is enough for the fastest of farms.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kMostOnItsWay);
  grpc::ResourceQuota quota("stereofarm");
  quota.SetMaxThreads(kMostThreads);
  quota.Resize(kMostMemory);
  builder.SetResourceQuota(quota);
  // Two coordinators on one port would share its callers.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(target, credentials, &port);
  if (door.audit != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> audit;
    audit.push_back(std::make_unique<AuditInterceptorFactory>(door.audit));
    builder.experimental().SetInterceptorCreators(std::move(audit));
  }
  builder.RegisterService(&server->farm_);
  builder.RegisterService(&server->jobs_);
  builder.RegisterService(&server->files_);
  engine->OnWorkReady([waiters = server->waiters_] { waiters->Wake(); });
  engine->OnRevoked([renewals = server->renewals_](const std::vector<AttemptRef>& attempts) {
    renewals->Revoke(attempts);
  });
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrFormat("cannot listen on %s: the address is taken or may not be used", target));
  }
  server->address_ = is_unix ? target : absl::StrFormat("%s:%d", listen.host, port);
  return server;
}

FarmServer::~FarmServer() {
  Stop();
  engine_->OnWorkReady(nullptr);
  engine_->OnRevoked(nullptr);
}

void FarmServer::Stop() {
  if (stopped_ || server_ == nullptr) return;
  stopped_ = true;
  jobs_.Stop();
  engine_->StopWatching();
  waiters_->Stop();
  renewals_->Stop();
  server_->Shutdown(std::chrono::system_clock::now() + kStopGrace);
  server_->Wait();
}

}  // namespace stereofarm
