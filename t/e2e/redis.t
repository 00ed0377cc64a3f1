#!/usr/bin/perl
# Counters an admin reads with plain redis-cli, and mail that does not care when
# Redis goes away.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'no redis-server here' unless Lab::has_command('redis-server');
my $lab = Lab->new;
my $redis = $lab->start_redis;
$lab->start_posternd(rules => Scenario::write_rules($lab), redis => $redis);
my $sock = "$lab->{dir}/run/milter.sock";
my $key = 'postern:rep:{4:203.0.113.7}';

sub mail_from {
	my ($client, $class) = @_;
	my $m = MilterClient->new($sock, client => $client);
	my $start = time;
	my $r = $m->message(text => $Scenario::TEXT{$class});
	$r->{seconds} = time - $start;
	$m->quit;
	return $r;
}

sub counter { my ($field) = @_; return $lab->redis_cli('redis', 'HGET', $key, $field) // '' }

like mail_from('203.0.113.7', 'spam')->{reply}, $Scenario::REFUSED{spam}, 'one spam';
like mail_from('203.0.113.7', 'rules')->{reply}, $Scenario::REFUSED{rules}, 'one rules rejection';
like mail_from('203.0.113.7', 'dict')->{reply}, $Scenario::REFUSED{dict}, 'one dictionary refusal';
is mail_from('203.0.113.7', 'clean')->{action}, 'accept', 'one clean mail';
$lab->wait_for('counters', 10, sub { counter('seen') eq '4' });
is counter('spam'), 1, 'HGET spam';
is counter('rules'), 1, 'HGET rules';
is counter('dict'), 1, 'HGET dict';
is counter('ham'), 1, 'HGET ham';
is counter('rejected'), 3, 'HGET rejected';
cmp_ok $lab->redis_cli('redis', 'TTL', $key), '>', 3600, 'the key will go by itself';
like $lab->redis_cli('redis', 'LRANGE', 'postern:evidence:{4:203.0.113.7}', 0, -1), qr/TEST_SPAM/, 'evidence names the rule';
my ($rc, $out) = $lab->postern('rep', 'show', '203.0.113.7');
is $rc, 0, 'postern rep show';
like $out, qr/203\.0\.113\.7/, 'names the address';
($rc, $out) = $lab->postern('rep', 'top');
like $out, qr/203\.0\.113\.7/, 'postern rep top lists it';

my $keys = $lab->redis_cli('redis', '--scan', '--pattern', 'postern:*');
my @mortal = grep { $lab->redis_cli('redis', 'TTL', $_) == -1 } grep { !/:(?:events|listed)/ } split /\n/, $keys;
is "@mortal", '', 'every key has a life';

mail_from('127.0.0.1', 'spam');
MilterClient->new($sock, client => '127.0.0.1')->message(text => $Scenario::TEXT{spam});
is $lab->redis_cli('redis', 'EXISTS', 'postern:rep:{4:127.0.0.1}'), 0, 'our own hosts get no reputation';

# ---- Redis hangs, then dies, then comes back --------------------------------------------
kill 'STOP', $lab->pid('redis');
like mail_from('203.0.113.7', 'spam')->{reply}, $Scenario::REFUSED{spam}, "hung Redis: verdict $_" for 1 .. 3;
my $slow = 0;
for (1 .. 20) { $slow++ if mail_from('203.0.113.7', 'clean')->{seconds} > 1 }
is $slow, 0, 'and nobody waits a second for it';
kill 'CONT', $lab->pid('redis');
$lab->wait_for('events after the hang', 20, sub { counter('seen') eq '27' });
is counter('seen'), 27, 'every event of the hang is counted, once';

$lab->stop('redis', 'KILL');
like mail_from('203.0.113.7', 'spam')->{reply}, $Scenario::REFUSED{spam}, 'dead Redis: mail is judged';
is mail_from('198.51.100.1', 'clean')->{action}, 'accept', 'dead Redis: nobody is refused for it';
my $outage = () = $lab->log =~ /store .*/g;
cmp_ok $outage, '<=', 4, 'one line an outage, not one a message';
$lab->start_redis;
$lab->wait_for('the store to come back', 30, sub { counter('seen') ne '' });
# Redis came back empty: what it took in its last seconds is given to it again.
cmp_ok counter('seen'), '>=', 1, 'what was acknowledged while Redis was away is there';
cmp_ok counter('seen'), '<=', 28, 'and nothing twice';
done_testing;
