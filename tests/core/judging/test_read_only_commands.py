import pytest

from gameday.core.judging import read_only_commands

LOOKING = """
kubectl get pods
kubectl -n shop get pods -o wide
/usr/local/bin/kubectl describe deployment/checkout
kubectl logs -f deploy/api | grep -i error | tail -n 50
kubectl top pods
kubectl rollout status deploy/api
kubectl delete pod api-1 --dry-run=client
kubectl exec -it api-1 -- cat /etc/hosts
kubectl logs $(kubectl get pod -l app=api -o name)
sudo docker ps -a
docker exec api cat /etc/hosts
docker compose -f shop.yml logs api
aws ec2 describe-instances --region eu-west-1
aws --profile prod s3api list-buckets
aws s3 ls
gcloud compute instances list
curl -s http://127.0.0.1:8080/health
curl -sX GET http://127.0.0.1/
curl -H 'Accept: text/plain' -o /dev/null http://127.0.0.1/
systemctl status nginx
journalctl -u nginx --since -5m
psql -c 'select * from pg_stat_activity where calls > 5'
psql shop -c select pid from pg_stat_activity
mysql -e 'SHOW PROCESSLIST'
redis-cli -h cache info
gameday shop trail
gameday ack HighApiLatency
shop trail
ls -la /var/log
cat /var/log/nginx/error.log 2>&1
grep -r timeout /etc/app 2>/dev/null
tail -f /var/log/syslog
top -b
less /var/log/syslog
watch -n 1 kubectl get pods
timeout 5 kubectl get pods
bash -c 'kubectl get pods; kubectl get events'
ssh db-1 uptime
kubectl get pods > /tmp/pods
get pods/api-1
GET /api/v1/pods
ec2:DescribeInstances
sed -n 1,20p app.conf
""".strip().splitlines()

ACTING = """
flag new-ranking off
kubectl rollout undo deploy/api
kubectl -n shop scale deploy/api --replicas=5
kubectl delete pod api-1 --dry-run=none
kubectl get pods && kubectl delete pod api-1
kubectl get pods -o name | xargs kubectl delete
kubectl get deploy api -o yaml | sed s/1/2/ | kubectl apply -f -
kubectl exec api-1 -- kill 1
docker restart api
docker exec api rm /tmp/lock
aws ecs update-service --force-new-deployment
curl -X POST http://127.0.0.1/flags/x
curl -sXDELETE http://127.0.0.1/flags/x
curl -d on=1 http://127.0.0.1/flags/x
systemctl restart nginx
journalctl --vacuum-time=1s
psql -c 'select pg_terminate_backend(42)'
psql -c select pg_terminate_backend(42)
psql -c 'select 1; delete from locks'
psql -f fix.sql
mysql -e 'KILL 5'
redis-cli flushall
gameday shop flag new-ranking off
echo 1 > /proc/sys/vm/drop_caches
cat fixed.conf > /etc/nginx/nginx.conf
sed -i s/1/2/ app.conf
find /tmp/locks -delete
bash -c 'kubectl get pods; kubectl delete pod api-1'
bash fix.sh
host db-1 drained
free all connections
watchdog restarted api
top up the pool
failed over to B
don't route to zone b
echo $(kubectl delete pod api-1)
./mitigate
shop failover
""".strip().splitlines()


@pytest.mark.parametrize("command", LOOKING)
def test_a_command_that_only_looks(command):
    assert read_only_commands.only_looks(command)


@pytest.mark.parametrize("command", [*ACTING, ""])
def test_a_command_that_acts_or_is_not_known(command):
    assert not read_only_commands.only_looks(command)


def test_one_act_makes_an_act_of_a_whole_command_line():
    for look in LOOKING[:6]:
        for act in ACTING[:6]:
            assert not read_only_commands.only_looks(f"{look} && {act}")
            assert not read_only_commands.only_looks(f"{act}; {look}")
