# nomad job run api.nomad.hcl
#
# Nomad gives the task a token of its own (Nomad 1.7 or later), and AWS a role for it: an OIDC provider in IAM for the
# cluster's issuer, and a role that trusts the subject `global:default:snacks-api:api:api:aws`.
# What the role may do: ../ecs/task-role-policy.json.
job "snacks-api" {
  datacenters = ["*"]

  group "api" {
    count = 2

    network {
      port "http" { to = 8080 }
    }

    service {
      name     = "snacks-api"
      port     = "http"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/healthz"
        interval = "5s"
        timeout  = "2s"
      }
    }

    # An allocation is healthy once the application listens: envseal opens the file before, within ENVSEAL_TIMEOUT (30 s).
    update {
      max_parallel     = 1
      canary           = 1
      auto_promote     = true
      auto_revert      = true
      min_healthy_time = "10s"
      healthy_deadline = "2m"
    }

    restart {
      attempts = 3
      interval = "10m"
      delay    = "15s"
      mode     = "fail"
    }

    task "api" {
      driver = "docker"
      user   = "65532:65532"

      config {
        # Its ENTRYPOINT is `envseal run --` and its CMD the application: nothing to say here.
        image           = "registry.example/snacks/api:1.4.2"
        ports           = ["http"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      identity {
        name = "aws"
        aud  = ["sts.amazonaws.com"]
        file = true
        ttl  = "1h"
      }

      env {
        ENVSEAL_SOURCE              = "s3://snacks/prod/env"
        ENVSEAL_KMS_KEY             = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        ENVSEAL_EVENT_SINK          = "cloudwatch://envseal/"
        AWS_REGION                  = "eu-west-1"
        AWS_ROLE_ARN                = "arn:aws:iam::111122223333:role/snacks-api"
        AWS_WEB_IDENTITY_TOKEN_FILE = "${NOMAD_SECRETS_DIR}/nomad_aws.jwt"
      }

      resources {
        cpu    = 200
        memory = 256
      }
    }
  }
}
