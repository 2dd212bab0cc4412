pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Who is signed in, the plan and its price, what was paid, and ways out.
FocusScope {
    id: root

    required property QtObject account
    readonly property bool ready: account.state === "ready"
    readonly property Item dialog: card.visible ? card : password.visible ? password : code.visible ? code : null

    signal leaving()
    signal showProfiles()

    function enter() {
        if (dialog)
            dialog.forceActiveFocus(Qt.OtherFocusReason)
        else if (ready)
            plans.enter()
        else
            (trouble.visible ? trouble : bar).forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus && !dialog && !menu.visible)
            enter()
    }
    function choosePlan(plan: string, name: string, line: Item) {
        if (account.withCard)
            ask(plan, name, line)
        else
            card.openFor(plan, name)
    }
    function ask(subject: string, heading: string, line: Item) {
        account.offer(subject)
        menu.subject = subject
        menu.heading = heading
        menu.openAt(line)
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Account and plan")
    Keys.onEscapePressed: leaving()
    Keys.onBackPressed: leaving()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            leaving()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    FocusScope {
        id: page
        anchors.fill: parent
        enabled: !root.dialog
        focus: true

        PageTop {
            id: bar
            anchors { left: parent.left; leftMargin: Theme.margin }
            y: Theme.px(30)
            heading: qsTr("Account and plan")
            backName: "leaveAccount"
            onLeaving: root.leaving()
            Keys.onDownPressed: {
                if (root.ready)
                    ways.enter()
                else if (trouble.visible)
                    trouble.forceActiveFocus(Qt.OtherFocusReason)
            }
        }
        Flickable {
            id: content

            // Bring what has the focus into view.
            function reveal(item: Item) {
                const top = item.mapToItem(column, 0, 0).y
                const lowest = Math.max(0, contentHeight - height)
                contentY = Math.max(0, Math.min(lowest, top - Math.max(0, height - item.height) / 2))
            }
            // Half a view on or back, back not beyond ``top``; whether there was a way to go.
            function scroll(direction: int, top: real): bool {
                const before = contentY
                const lowest = Math.max(0, contentHeight - height)
                contentY = Math.min(lowest, Math.max(Math.min(top, before), before + direction * height / 2))
                return contentY !== before
            }

            anchors { top: bar.bottom; topMargin: Theme.wide; bottom: parent.bottom }
            anchors { left: parent.left; right: parent.right; leftMargin: Theme.margin; rightMargin: Theme.margin }
            visible: root.ready
            contentHeight: column.height + Theme.wide
            boundsBehavior: Flickable.StopAtBounds
            clip: contentHeight > height
            onVisibleChanged: Qt.callLater(root.enterAnew)

            Column {
                id: column
                // Room for the focus ring where the view is cut
                x: Theme.px(6)
                y: Theme.px(6)
                width: content.width - 2 * x
                spacing: Theme.gap

                Column {
                    width: parent.width
                    spacing: Theme.tiny
                    Label { anchors.left: parent.left; text: root.account.name; font.pixelSize: Theme.heading; font.weight: Font.DemiBold }
                    Label { anchors.left: parent.left; text: root.account.email; color: Theme.muted }
                    Label {
                        width: parent.width
                        wrapMode: Text.Wrap
                        text: qsTr("This address is not confirmed yet.")
                        color: Theme.soft
                        visible: root.account.unconfirmed
                    }
                }
                Column {
                    width: parent.width
                    spacing: Theme.tiny
                    Label { anchors.left: parent.left; text: root.account.plan; font.pixelSize: Theme.title; font.weight: Font.DemiBold; color: Theme.accent }
                    Label { width: parent.width; wrapMode: Text.Wrap; text: root.account.standing; color: Theme.soft }
                    Label {
                        width: parent.width
                        wrapMode: Text.Wrap
                        text: root.account.trouble
                        color: Theme.danger
                        visible: text
                        Accessible.role: Accessible.AlertMessage
                    }
                }
                FocusRow {
                    id: ways
                    anchors.left: parent.left
                    spacing: Theme.px(12)
                    onActiveFocusChanged: if (activeFocus) content.reveal(this)
                    Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
                    Keys.onDownPressed: plans.enter()
                    ActionButton {
                        objectName: "showProfiles"
                        text: qsTr("Profiles")
                        icon: "person"
                        onPressed: root.showProfiles()
                    }
                    ActionButton {
                        objectName: "changePassword"
                        text: qsTr("Change password")
                        icon: "lock"
                        onPressed: password.open()
                    }
                    ActionButton {
                        objectName: "confirmAddress"
                        text: qsTr("Confirm address")
                        icon: "check"
                        visible: root.account.unconfirmed
                        onVisibleChanged: if (!visible && activeFocus) ways.enterFirst()
                        onPressed: code.open()
                    }
                    ActionButton {
                        id: cancelPlan
                        objectName: "cancelPlan"
                        text: qsTr("Cancel plan")
                        visible: root.account.cancellable
                        onVisibleChanged: if (!visible && activeFocus) ways.enterFirst()
                        onPressed: root.ask("cancelPlan", text, this)
                    }
                    ActionButton {
                        objectName: "signOutEverywhere"
                        text: qsTr("Sign out everywhere")
                        icon: "sign-out"
                        focus: true
                        onPressed: root.ask("signOutEverywhere", text, this)
                    }
                }
                Label {
                    anchors.left: parent.left
                    topPadding: Theme.tight
                    text: qsTr("Plans")
                    font.pixelSize: Theme.heading
                    font.weight: Font.DemiBold
                    Accessible.role: Accessible.Heading
                }
                FocusRow {
                    id: plans
                    anchors.left: parent.left
                    objectName: "plans"
                    focus: true
                    spacing: Theme.gap
                    onActiveFocusChanged: if (activeFocus) content.reveal(this)
                    Keys.onUpPressed: ways.enter()
                    Keys.onDownPressed: if (payments.visible) payments.forceActiveFocus(Qt.OtherFocusReason)
                    Repeater {
                        model: root.account.plans
                        delegate: PlanCard {
                            required property int index
                            required plan
                            required name
                            required price
                            required facts
                            required chosen
                            objectName: "plan_" + plan
                            focus: index === 0
                            onPressed: root.choosePlan(plan, name, this)
                        }
                    }
                }
                Label {
                    anchors.left: parent.left
                    topPadding: Theme.tight
                    text: qsTr("Payments")
                    font.pixelSize: Theme.heading
                    font.weight: Font.DemiBold
                    visible: payments.visible
                    Accessible.role: Accessible.Heading
                }
                // Nothing to choose here, but with keys too it is to be seen whole.
                PaymentLines {
                    id: payments
                    objectName: "payments"
                    anchors.left: parent.left
                    width: Math.min(parent.width, Theme.type(760))
                    model: root.account.payments
                    onActiveFocusChanged: if (activeFocus) content.reveal(this)
                    onPassedUp: if (!content.scroll(-1, y)) plans.enter()
                    onPassedDown: content.scroll(1, y)
                }
            }
        }
        Skeleton {
            objectName: "accountLoading"
            anchors { left: parent.left; leftMargin: Theme.margin; top: bar.bottom; topMargin: Theme.wide }
            columns: 1
            rowCount: 4
            cellWidth: Math.min(parent.width - 2 * Theme.margin, Theme.px(760))
            cellHeight: Theme.px(84)
            lineHeight: Theme.px(60)
            visible: root.account.state === "loading"
        }
        StateMessage {
            id: trouble
            objectName: "accountTrouble"
            anchors.centerIn: parent
            visible: root.account.state === "error"
            enabled: visible
            onVisibleChanged: Qt.callLater(root.enterAnew)
            icon: "warning"
            heading: qsTr("Your account could not be loaded")
            sentence: root.account.message
            Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
            ActionButton {
                objectName: "retryAccount"
                text: qsTr("Try again")
                icon: "retry"
                primary: true
                focus: true
                onPressed: root.account.refresh()
            }
        }
    }
    NoticeLine {
        objectName: "accountNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        text: root.account.working ? qsTr("One moment…") : root.account.notice
    }
    ChoiceMenu {
        id: menu
        objectName: "accountMenu"

        property string subject

        anchors.fill: parent
        model: root.account.options
        onChosen: key => root.account.choose(subject, key)
    }
    FormDialog {
        id: card
        objectName: "cardDialog"

        property string plan

        function openFor(plan: string, name: string) {
            card.plan = plan
            heading = qsTr("Order %1").arg(name)
            open()
        }

        anchors.fill: parent
        sentence: qsTr("The card is charged once a month until you cancel.")
        firstLabel: qsTr("Card number")
        firstHints: Qt.ImhDigitsOnly
        action: qsTr("Order and pay")
        onClosed: plans.enter()
        onAccepted: number => root.account.order(plan, number)
    }
    FormDialog {
        id: code
        objectName: "codeDialog"
        anchors.fill: parent
        heading: qsTr("Confirm your email address")
        sentence: qsTr("Enter the code that we sent to %1.").arg(root.account.email)
        firstLabel: qsTr("Code")
        firstHints: Qt.ImhUppercaseOnly | Qt.ImhNoPredictiveText
        action: qsTr("Confirm")
        other: qsTr("Send a new code")
        onClosed: ways.enter()
        onOtherWanted: root.account.sendCode()
        onAccepted: given => root.account.confirmAddress(given)
    }
    FormDialog {
        id: password
        objectName: "passwordDialog"
        anchors.fill: parent
        heading: qsTr("Change password")
        sentence: qsTr("Every other device is signed out.")
        firstLabel: qsTr("Current password")
        secondLabel: qsTr("New password")
        secret: true
        action: qsTr("Change")
        onClosed: ways.enter()
        onAccepted: (present, wanted) => root.account.changePassword(present, wanted)
    }
}
