#!/usr/bin/perl
# Rules change under load: no session is dropped, a bad set changes nothing, and
# SIGHUP, `postern reload` and SIGTERM do what the manual says.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;

my $lab = Lab->new;
my $rules = Scenario::write_rules($lab);
my $file = "$rules/test.cf";
my $old = $lab->slurp($file);
$lab->start_posternd(rules => $rules);
my $sock = "$lab->{dir}/run/milter.sock";

sub verdict {
	my ($text) = @_;
	my $m = MilterClient->new($sock);
	my $r = $m->message(text => $text);
	$m->quit;
	return $r->{reply} || $r->{action};
}

# What the daemon keeps of probing the set in force.
sub cached { return join ' ', sort map { s{.*/}{}r } glob "$lab->{dir}/state/cache/*" }
my $first = cached();
like $first, qr/^[0-9a-f]{32}\.probe\b/, 'what probing found is kept';

like verdict($Scenario::TEXT{spam}), $Scenario::REFUSED{spam}, 'refused by the first set';
is verdict('a WHITE-SPOTTED-PARROT'), 'accept', 'not yet known';

$lab->write_file($file, $old . "body TEST_WHITE /WHITE-SPOTTED-PARROT/\nscore TEST_WHITE 11\n");
my ($rc, $out) = $lab->postern('reload');
is $rc, 0, 'postern reload succeeds' or diag $out;
like verdict('a WHITE-SPOTTED-PARROT'), $Scenario::REFUSED{spam}, 'and the new rule bites';
my $second = cached();
isnt $second, $first, 'that of the new set, too';
my $useless = "$lab->{dir}/state/cache/" . 'd' x 32 . '.probe';
$lab->write_file($useless, 'PosternProbing0');

$lab->write_file($file, $old . "body TEST_BAD /(unclosed/\nbody TEST_BAD2 /also[bad/\n");
($rc, $out) = $lab->postern('reload');
isnt $rc, 0, 'a bad set is refused';
like $out, qr/test\.cf:\d+:\d+: error/, 'with file:line:col';
like $out, qr/TEST_BAD2?\b/, 'naming the rule';
my @errors = $out =~ /test\.cf:(\d+)/g;
cmp_ok scalar(@errors), '>=', 2, 'all errors, not only the first';
like verdict('a WHITE-SPOTTED-PARROT'), $Scenario::REFUSED{spam}, 'the old set stands';
ok -e $useless, 'and nothing was removed for a set that failed';

$lab->write_file($file, $old);
kill 'HUP', $lab->pid('posternd');
$lab->wait_for('SIGHUP', 20, sub { verdict('a WHITE-SPOTTED-PARROT') eq 'accept' });
pass 'SIGHUP reloads too';

# A message under way keeps the set it began with.
my $m = MilterClient->new($sock);
$m->begin;
$lab->write_file($file, "body TEST_SPAM /nothing-at-all/\nscore TEST_SPAM 1\n");
is +($lab->postern('reload'))[0], 0, 'reload in mid-message';
my $r = $m->finish(text => $Scenario::TEXT{spam});
like $r->{reply} // '', $Scenario::REFUSED{spam}, 'the message is judged by the set it began with';
is $m->message(text => $Scenario::TEXT{spam})->{action}, 'accept', 'the next one by the new set';
$m->quit;
$lab->write_file($file, $old);
is +($lab->postern('reload'))[0], 0, 'back to the old set';
ok !-e $useless, 'what nobody uses was removed';
is cached(), $first, 'only that of the set in force is left';

# Sessions under load, reloads in between: every message gets its verdict.
my @clients = map { MilterClient->new($sock) } 1 .. 20;
my ($answered, $wrong) = (0, 0);
for my $round (1 .. 10) {
	$_->begin for @clients;
	$lab->postern('reload') if $round % 3 == 0;
	for my $c (@clients) {
		my $v = $c->finish(text => $Scenario::TEXT{ $round % 2 ? 'spam' : 'clean' });
		$answered++;
		$wrong++ unless $round % 2 ? ($v->{reply} // '') =~ $Scenario::REFUSED{spam} : $v->{action} eq 'accept';
	}
}
is $answered, 200, 'every message was answered across reloads';
is $wrong, 0, 'and rightly';

# Draining: the session under way is served to its end, no new one comes.
my $last = shift @clients;
$_->quit for @clients;
$last->begin;
kill 'TERM', $lab->pid('posternd');
$lab->wait_for('the socket to go', 10, sub { !-e $sock });
like $last->finish(text => $Scenario::TEXT{rules})->{reply} // '', $Scenario::REFUSED{rules}, 'SIGTERM drains';
$last->quit;
$lab->wait_for('posternd to end', 20, sub { !$lab->alive('posternd') });
like $lab->log, qr/ended messages=\d+/, 'and the daemon ends by itself';
done_testing;
